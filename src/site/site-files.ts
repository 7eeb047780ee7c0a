/** What the site consists of, as its build writes it into the worker and the service worker. */

/** A file that the worker takes when it needs it. */
export interface SiteFile {
  /** Below the site's folder; holds a hash of the content. */
  readonly path: string;
  /** Bytes of the content, unpacked. */
  readonly bytes: number;
  /** Whether the file is the content packed by gzip, so that any host transfers it small. */
  readonly packed: boolean;
}

/** By their names before the build: `base/config.json`, `report.css`. */
export type SiteFiles = Readonly<Record<string, SiteFile>>;

/** What the service worker keeps. */
export interface CachedFiles {
  /** Differs where any file does. */
  readonly version: string;
  /** The page and its code: kept as soon as the page is open. */
  readonly shell: readonly string[];
  /** Kept once they were needed. */
  readonly others: readonly string[];
  /** The page's policy, for answers that a host sends without one. */
  readonly policy: string;
}

/**
 * The Content-Security-Policy of the site: connections to itself alone, and no script but its own and the report's.
 * @param inlined sources of the report's script and styles, as `'sha256-…'`; a report shown in a frame is bound by this policy too.
 */
export function sitePolicy(inlined: { readonly script: string; readonly styles: string }): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'wasm-unsafe-eval' ${inlined.script}`,
    `style-src 'self' ${inlined.styles}`,
    "connect-src 'self'",
    // A worker of a blob is bound by the page's policy, on hosts that send none too.
    "worker-src 'self' blob:",
    'img-src data:',
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

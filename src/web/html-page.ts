import { sha256 } from '../common/sha256.js';
import { Html, html, visible } from './html.js';

/** Styles and script to inline into a self-contained page, bundled by `npm run build` (src/io/client-bundle.ts). */
export interface PageAssets {
  readonly styles: string;
  /** A page without a script runs none. */
  readonly script?: string;
}

interface SelfContainedPage extends PageAssets {
  readonly title: string;
  /** Sections of the page; null leaves one out. */
  readonly body: readonly (Html | null)[];
}

/**
 * An HTML page in one file: styles and script are inline, and its Content-Security-Policy forbids everything else, so
 * that even markup that got past the escaping could neither run nor load anything.
 */
export function renderSelfContainedPage({ title, styles, script, body }: SelfContainedPage): string {
  const policy = [
    "default-src 'none'",
    `style-src ${sourceHash(styles)}`,
    ...(script === undefined ? [] : [`script-src ${sourceHash(script)}`]),
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
${headOf(title)}
<style>${new Html(styles)}</style>
</head>
<body>
<main>
${new Html(body.map((section) => section?.markup ?? '').join('\n'))}
</main>
${script === undefined ? null : html`<script>${new Html(script)}</script>\n`}</body>
</html>
`;
  return page.markup;
}

interface ServedPage {
  readonly title: string;
  /** Class of the body element, for the style sheet. */
  readonly kind: string;
  /** Addresses of style sheet and script, relative to the page's. */
  readonly styles: string;
  readonly script: string;
  readonly body: Html;
}

/** A page whose styles and script are separate files, and whose policy is sent as a header. */
export function renderServedPage({ title, kind, styles, script, body }: ServedPage): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${headOf(`${title} – titlesmith`)}
<link rel="stylesheet" href="${styles}">
</head>
<body class="${kind}">
${body}
<script src="${script}"></script>
</body>
</html>
`;
  return page.markup;
}

interface SitePage {
  readonly title: string;
  /** Its Content-Security-Policy, as hosts of plain files send none. */
  readonly policy: string;
  readonly styles: string;
  readonly script: string;
  readonly body: Html;
}

/** A page of plain files, for any host and below any path. */
export function renderSitePage({ title, policy, styles, script, body }: SitePage): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
${headOf(title)}
<link rel="stylesheet" href="${styles}">
</head>
<body class="site">
${body}
<script src="${script}" type="module"></script>
</body>
</html>
`;
  return page.markup;
}

/** An inline icon, so that browsers do not request /favicon.ico. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">' +
    '<rect width="16" height="16" rx="3" fill="#b3431f"/><path d="M4 5h8M8 5v7" stroke="white" stroke-width="2"/></svg>',
)}`;

function headOf(title: string): Html {
  return html`<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${visible(title)}</title>
<link rel="icon" href="${icon}">`;
}

/** The Content-Security-Policy source that allows exactly this inline text. */
function sourceHash(text: string): string {
  return `'sha256-${btoa(String.fromCharCode(...sha256(text)))}'`;
}

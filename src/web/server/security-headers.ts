/**
 * Headers of every answer: it is not cached, not framed, and sends no referrer to other sites.
 */
export const commonHeaders: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** Content-Security-Policy of answers that are not a page. */
export const nonPagePolicy = "default-src 'none'; frame-ancestors 'none'";

/** Content-Security-Policy of a page whose style sheet and script are separate files: nothing else can run or load. */
export const servedPagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Content-Security-Policy of a self-contained page. The policy in the page itself allows only its own inline style and
 * script; this one holds for a page that was changed, or came with a run from elsewhere: it is of no origin, so that what
 * it asks of this server is refused, and it loads nothing.
 */
export const selfContainedPagePolicy = [
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  'sandbox allow-scripts',
].join('; ');

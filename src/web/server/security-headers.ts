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

/** Content-Security-Policy of a self-contained page; the policy in the page itself allows only its inline style and script. */
export const selfContainedPagePolicy = "frame-ancestors 'none'";

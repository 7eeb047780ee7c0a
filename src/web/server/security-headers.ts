/**
 * What every answer of our servers carries: it is kept nowhere, framed nowhere, and tells no other site where the
 * reader comes from.
 */
export const commonHeaders: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** The policy of answers that are no page. */
export const nothingPolicy = "default-src 'none'; frame-ancestors 'none'";

/** The policy of a page whose style and script are files beside it: nothing else can run or load. */
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

/** The policy of a page that lies in one file: its own, which stands in it, forbids all but its style and script. */
export const selfContainedPagePolicy = "frame-ancestors 'none'";

import { createHash, timingSafeEqual } from 'node:crypto';

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
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Compares in a time that does not tell how much of the secret was right. */
export function isSecret(given: string, secret: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(secret));
}

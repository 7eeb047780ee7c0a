import { hexOf, sha256 } from '../common/sha256.js';

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, canonical(member)]));
}

/** SHA-256, lower-case hexadecimal, of a JSON value; independent of the order of keys. */
export function hashValue(value: unknown): string {
  return hexOf(sha256(JSON.stringify(canonical(value))));
}

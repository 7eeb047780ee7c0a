import { createHash } from 'node:crypto';

/** All that is neither a letter nor a digit (Unicode's general categories L and N). */
const others = /[^\p{L}\p{N}]+/gu;

/**
 * What a title is compared by with those that the base model was trained on: its letters and digits, in lower case, in Unicode's
 * normal form C. Empty for a title without any.
 */
export function bareLetters(title: string): string {
  return title.normalize('NFC').toLowerCase().replace(others, '');
}

/** The first 64 bits, big-endian, of SHA-256 over the UTF-8 of a title's {@link bareLetters}. */
export function titleFingerprint(title: string): bigint {
  return createHash('sha256').update(bareLetters(title)).digest().readBigUInt64BE(0);
}

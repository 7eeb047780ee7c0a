import { sha256 } from '../common/sha256.js';

/** All that is neither a letter nor a digit (Unicode's general categories L and N). */
const others = /[^\p{L}\p{N}]+/gu;

/**
 * What a title is compared by with those that the base model was trained on: its letters and digits in lower case, of Unicode's
 * normal form C. Empty for a title without any. Python, whose str.lower and unicodedata made the fingerprints that ship,
 * has the same for every character of Unicode 14; later letters it left out.
 */
export function bareLetters(title: string): string {
  return title.normalize('NFC').toLowerCase().replace(others, '');
}

/** The first 64 bits, big-endian, of SHA-256 over the UTF-8 of a title's {@link bareLetters}. */
export function titleFingerprint(title: string): bigint {
  const hash = sha256(bareLetters(title));
  return new DataView(hash.buffer, hash.byteOffset).getBigUint64(0);
}

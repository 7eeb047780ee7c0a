import { sha256 as digest } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** SHA-256 (FIPS 180-4) of bytes, or of text as UTF-8: 32 bytes. Synchronous, and the same in a browser. */
export function sha256(data: string | Uint8Array): Uint8Array {
  return digest(typeof data === 'string' ? utf8ToBytes(data) : data);
}

/** {@link sha256} as 64 lower-case hexadecimal digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return bytesToHex(sha256(data));
}

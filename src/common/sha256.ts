import { sha256 as digest } from '@noble/hashes/sha2.js';

const encoder = new TextEncoder();
/** Bytes of a short text, used again and again: with new ones for each, hashing titles takes half as long again. */
const scratch = new Uint8Array(8192);
const maxBytesPerUnit = 3;

function encode(text: string): Uint8Array {
  if (text.length * maxBytesPerUnit > scratch.length) return encoder.encode(text);
  return scratch.subarray(0, encoder.encodeInto(text, scratch).written);
}

/** SHA-256 (FIPS 180-4) of bytes, or of text as UTF-8: 32 bytes. Synchronous, and the same in a browser. */
export function sha256(data: string | Uint8Array): Uint8Array {
  return digest(typeof data === 'string' ? encode(data) : data);
}

import { sha256 as algorithm } from '@noble/hashes/sha2.js';

const encoder = new TextEncoder();
/** Bytes of a short text, and the state of a hash: made anew for each title, they take longer than the hash itself. */
const scratch = new Uint8Array(8192);
const [initial, state] = [algorithm.create(), algorithm.create()];

const bytesPerUnit = 3;

function encode(text: string): Uint8Array {
  if (text.length * bytesPerUnit > scratch.length) return encoder.encode(text);
  return scratch.subarray(0, encoder.encodeInto(text, scratch).written);
}

/** SHA-256 (FIPS 180-4) of bytes, or of text as UTF-8: 32 bytes. Synchronous, and the same in a browser. */
export function sha256(data: string | Uint8Array): Uint8Array {
  const digest = new Uint8Array(algorithm.outputLen);
  initial._cloneInto(state);
  state.update(typeof data === 'string' ? encode(data) : data).digestInto(digest);
  return digest;
}

/** A digest in lower-case hexadecimal. */
export function hexOf(digest: Uint8Array): string {
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A hash of bytes that come in chunks. */
export interface ContentHash {
  /** Adds bytes, or text as UTF-8. */
  update(chunk: string | Uint8Array): unknown;
  /** The hash of all that was added, lower-case hexadecimal. Ends it. */
  hex(): string;
}

/** SHA-256 of bytes that come in chunks, without Node. */
export class Sha256 implements ContentHash {
  private readonly hash = algorithm.create();

  update(chunk: string | Uint8Array): this {
    this.hash.update(typeof chunk === 'string' ? encoder.encode(chunk) : chunk);
    return this;
  }

  hex(): string {
    return hexOf(this.hash.digest());
  }
}

import { constants, gunzipSync } from 'node:zlib';
import { decompressZstdBeginning } from './fzstd-stream.js';

/**
 * What the beginning of a file holds, decompressed as far as it goes where it is gzip or zstd: to look at, at once, without
 * reading the rest.
 * @param bytes the first bytes of the file.
 * @throws an error of the decompressing library when they are damaged.
 */
export function decompressBeginning(bytes: Uint8Array): Uint8Array {
  const [first, second, third, fourth] = bytes;
  if (first === 0x1f && second === 0x8b) return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  const isZstd = first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd;
  return isZstd ? decompressZstdBeginning(bytes) : bytes;
}

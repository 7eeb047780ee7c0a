import { Decompress, decompress } from 'fzstd';

/** Compressed data that cannot be decompressed: `message` is what the decoder says. */
export class ZstdFailure extends Error {}

/** What a decoder threw, as a failure. */
export function toFailure(error: unknown): ZstdFailure {
  if (error instanceof RangeError) return new ZstdFailure('its window is too long for the library in use');
  // What the library meets where the data makes no sense.
  if (error instanceof TypeError) return new ZstdFailure('it is damaged');
  return new ZstdFailure(error instanceof Error ? error.message : String(error));
}

/** What the blocks of zstd data hold that are whole. @param bytes the first bytes of a file. */
export function decompressZstdBeginning(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  // A copy of each, as the library writes on in its own memory.
  new Decompress((part) => parts.push(Uint8Array.from(part))).push(bytes);
  return concatenated(parts);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A whole frame of zstd, decompressed. */
export function fzstdFrame(frame: Uint8Array): Uint8Array {
  return decompress(frame);
}

/**
 * Bytes that are decompressed at a time: four of them can make 128 KiB, and all that they make is in memory at once, at most 64 MiB.
 */
const pieceBytes = 2 ** 11;

/** The bytes of zstd data, frame by frame. @throws ZstdFailure when it is damaged, cut short, or of a window too long for it. */
export async function* fzstdChunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let decoded: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => decoded.push(chunk));
  const push = (compressed: Uint8Array, last: boolean): readonly Uint8Array[] => {
    decoded = [];
    try {
      decoder.push(compressed, last);
    } catch (error) {
      throw toFailure(error);
    }
    return decoded;
  };
  for await (const compressed of chunks) {
    for (let start = 0; start < compressed.length; start += pieceBytes)
      yield* push(compressed.subarray(start, start + pieceBytes), false);
  }
  yield* push(new Uint8Array(0), true);
}

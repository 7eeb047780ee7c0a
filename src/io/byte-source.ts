import { TitlesmithError } from '../common/errors.js';
import { Sha256 } from '../common/sha256.js';

/** The bytes of a file, read from any place on: on a disk, in memory, or dropped on a page. The caller closes it. */
export interface ByteSource {
  /** What messages call it: its path, or its name. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /**
   * Fills an array with the bytes from an offset on.
   * @returns the number of bytes read: fewer than the array holds only where the source ends.
   * @throws TitlesmithError naming the source when it cannot be read.
   */
  read(into: Uint8Array, offset: number): Promise<number>;
  close(): Promise<void>;
}

/** Bytes in memory as a source. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    read: async (into, offset) => {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
    close: async () => {},
  };
}

/** A Blob as a source, such as a File that a person chose on a page: only what is read of it comes into memory. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (into, offset) => {
      const part = await blob
        .slice(offset, offset + into.length)
        .arrayBuffer()
        .catch((error: unknown) => {
          throw new TitlesmithError(`Cannot read ${name}: it is gone, or was changed since it was chosen.`, {
            code: 'file-changed',
            hint: 'Choose it again.',
            cause: error,
          });
        });
      into.set(new Uint8Array(part));
      return part.byteLength;
    },
    close: async () => {},
  };
}

/** Bytes of a chunk where nothing else is asked for. */
const chunkBytes = 2 ** 18;

/** The bytes of a source from its beginning to its end. @throws as its `read`. */
export async function* readChunks(source: ByteSource): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let offset = 0; offset < source.size; ) {
    const chunk = new Uint8Array(Math.min(chunkBytes, source.size - offset));
    const length = await source.read(chunk, offset);
    if (length === 0) return;
    yield chunk.subarray(0, length);
    offset += length;
  }
}

/** Bytes of the longest file that is read as one text. */
const maxTextBytes = 2 ** 28;

/** The whole of a source as text, UTF-8. @throws as its `read`, and when it is longer than 256 MiB. */
export async function readSourceText(source: ByteSource): Promise<string> {
  if (source.size > maxTextBytes) {
    throw new TitlesmithError(`Cannot read ${source.name}: it is longer than ${maxTextBytes} bytes.`, {
      code: 'file-too-long',
    });
  }
  const bytes = new Uint8Array(source.size);
  let length = 0;
  for await (const chunk of readChunks(source)) {
    bytes.set(chunk, length);
    length += chunk.length;
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, length));
}

/** SHA-256 of a source's bytes, lower-case hexadecimal. @throws as its `read`. */
export async function hashSource(source: ByteSource): Promise<string> {
  const hash = new Sha256();
  for await (const chunk of readChunks(source)) hash.update(chunk);
  return hash.hex();
}

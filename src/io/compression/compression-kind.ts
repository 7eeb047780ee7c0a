import { TitlesmithError } from '../../common/errors.js';

export type Compression = 'none' | 'gzip' | 'zstd';

/** How bytes are compressed, by the first four of them (RFC 1952, 2.3.1; RFC 8878, 3.1), skippable frames of zstd too. */
export function detectCompression(start: Uint8Array): Compression {
  const [first, second, third, fourth] = start;
  if (first === 0x1f && second === 0x8b) return 'gzip';
  if (first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) return 'zstd';
  const isSkippable =
    first !== undefined && first >>> 4 === 5 && second === 0x2a && third === 0x4d && fourth === 0x18;
  return isSkippable ? 'zstd' : 'none';
}

function damaged(path: string, why: string, hint: string): TitlesmithError {
  return new TitlesmithError(`Cannot read ${path}: ${why}.`, { code: 'file-damaged', hint });
}

/** @throws TitlesmithError where a file's name says that it is compressed, and its first bytes do not. */
export function checkEnding(path: string, compression: Compression): void {
  const [, ending] = /\.(gz|zst)$/i.exec(path) ?? [];
  if (compression !== 'none' || ending === undefined) return;
  const kind = ending.toLowerCase() === 'gz' ? 'gzip' : 'zstd';
  throw damaged(path, `it is not a ${kind} file`, 'Is it of the format its name says?');
}

const copyAnew = 'Download or copy it anew.';

/** @param isCut whether what is there is sound, but not all of it. */
export function damagedGzip(path: string, isCut: boolean): TitlesmithError {
  return damaged(path, isCut ? 'it is cut short' : 'its gzip data is damaged', copyAnew);
}

/** @param message what the decoder said. @param hint for data that is not cut short. */
export function damagedZstd(path: string, message: string, hint: string): TitlesmithError {
  const isCut = /premature end|unexpected (EOF|end of file)/i.test(message);
  if (isCut) return damaged(path, 'it is cut short', copyAnew);
  return damaged(path, `its zstd data cannot be decompressed (${message})`, hint);
}

import { TitlesmithError } from '../common/errors.js';
import { readDecompressed } from './compression/compressed-file.js';
import { byteLines } from './lines.js';
import { shownName } from './shown-name.js';
import { decodeText, type TextRemark } from './text-encoding.js';

/**
 * A text file in chunks, decompressed where it is gzip or zstd, without its byte order mark: UTF-8, or UTF-16 or
 * Latin-1 where it is that.
 * @param onRemark called if it is not UTF-8, or not entirely.
 * @throws TitlesmithError when it is not there, empty, binary, damaged or cut short.
 */
export function readText(path: string, onRemark?: TextRemark): AsyncGenerator<string> {
  return decodeText(readDecompressed(path), shownName(path), onRemark);
}

/** Bytes of the longest line of a file that titlesmith wrote. */
const maxLineBytes = 2 ** 24;

/**
 * The lines of a file that titlesmith wrote: UTF-8, each ended by a line feed; none of an empty file.
 * @throws TitlesmithError when it cannot be read, or a line is longer than 16 MiB.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const onTooLong = (number: number): never => {
    throw new TitlesmithError(`Cannot read ${path}: line ${number} is longer than ${maxLineBytes} bytes.`, {
      code: 'line-too-long',
    });
  };
  for await (const line of byteLines(readDecompressed(path), maxLineBytes, onTooLong)) {
    yield decoder.decode(line);
  }
}

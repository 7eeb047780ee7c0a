import { InterruptedError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { isBlank } from '../../data/sources/ndjson/key-search.js';
import { unpack } from '../compression/unpack.js';
import { LineSplitter } from './lines.js';

/** Bytes of the longest line that is looked at, 16 MiB; posts stay below 1 MB. */
const longestLineBytes = 2 ** 24;
/** Bytes between two signs of life. */
const reportEvery = 2 ** 26;

/** Who is told of the lines of a dump. Lines count from 1. */
export interface LinesReader {
  /** A line without the blanks around it; never an empty one. Bytes `start` to `end` are valid during the call. */
  readonly onLine: (bytes: Buffer, start: number, end: number, line: number) => void;
  /** A line longer than 16 MiB. */
  readonly onTooLong: (line: number) => void;
  /** Asked now and then: true ends the reading early. */
  readonly isEnough: () => boolean;
}

/** Lines read over all files of a call, for the progress shown. */
export interface LinesRead {
  lines: number;
}

/**
 * Reads the lines of one dump, unpacked where it is packed.
 * @throws TitlesmithError when the file cannot be read or unpacked; InterruptedError.
 */
export async function readLines(
  path: string,
  reader: LinesReader,
  read: LinesRead,
  context: WorkContext,
): Promise<void> {
  let line = 0;
  let bytesUntilReport = 0;
  const onLine = (bytes: Buffer, first: number, last: number): void => {
    let [start, end] = [first, last];
    line += 1;
    if (line === 1 && isByteOrderMark(bytes, start)) start += 3;
    while (start < end && isBlank(bytes[end - 1])) end -= 1;
    while (start < end && isBlank(bytes[start])) start += 1;
    if (start < end) reader.onLine(bytes, start, end, line);
  };
  const splitter = new LineSplitter(longestLineBytes, onLine, () => {
    line += 1;
    reader.onTooLong(line);
  });
  await unpack(path, (piece) => {
    if (bytesUntilReport <= 0) {
      bytesUntilReport = reportEvery;
      if (context.signal.aborted) throw new InterruptedError();
      context.onProgress({ kind: 'progress', label: 'extract', done: read.lines + line, unit: 'posts read' });
    }
    bytesUntilReport -= piece.length;
    splitter.push(piece);
    return !reader.isEnough();
  });
  splitter.finish();
  read.lines += line;
}

function isByteOrderMark(bytes: Buffer, start: number): boolean {
  return bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf;
}

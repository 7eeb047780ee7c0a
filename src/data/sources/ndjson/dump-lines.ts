import { InterruptedError } from '../../../common/errors.js';
import type { WorkContext } from '../../../common/progress.js';
import { readDecompressed } from '../../../io/compression/compressed-file.js';
import { holdsZstdBlocks, readZstdBlocks } from '../../../io/compression/zstd-blocks.js';
import { LineSplitter } from '../../../io/lines.js';
import { isBlank } from './key-search.js';

/** Bytes of the longest line that is looked at, 16 MiB; posts stay below 1 MB. */
const maxLineBytes = 2 ** 24;
/** Bytes between two progress events. */
const reportEvery = 2 ** 26;

/** Receives the lines of a dump, or the rows of one that has rows. They count from 1. */
interface DumpLineListener {
  /** A line without the blanks around it; never an empty one. Bytes `start` to `end` are valid during the call. */
  readonly onLine: (bytes: Buffer, start: number, end: number, line: number) => void;
  /** A line longer than 16 MiB. */
  readonly onTooLong: (line: number) => void;
  /** Checked after every chunk: true ends the reading early. */
  readonly isEnough: () => boolean;
}

/** Lines read over all files of a call, for the progress shown. */
export interface LinesRead {
  lines: number;
}

/**
 * Reads the lines of one dump, decompressed where it is compressed.
 * @throws TitlesmithError when the file cannot be read or decompressed; InterruptedError.
 */
export async function readDumpLines(
  path: string,
  listener: DumpLineListener,
  read: LinesRead,
  context: WorkContext,
): Promise<void> {
  let line = 0;
  let bytesUntilReport = 0;
  const onLine = (bytes: Uint8Array, first: number, last: number): void => {
    let [start, end] = [first, last];
    line += 1;
    if (line === 1 && isByteOrderMark(bytes, start)) start += 3;
    while (start < end && isBlank(bytes[end - 1])) end -= 1;
    while (start < end && isBlank(bytes[start])) start += 1;
    if (start < end) listener.onLine(asBuffer(bytes), start, end, line);
  };
  const onTooLong = (): void => {
    line += 1;
    listener.onTooLong(line);
  };
  const reportBefore = (bytes: number): void => {
    if (context.signal.aborted) throw new InterruptedError();
    if (bytesUntilReport <= 0) {
      bytesUntilReport = reportEvery;
      context.onProgress({ kind: 'progress', label: 'extract', done: read.lines + line, unit: 'posts read' });
    }
    bytesUntilReport -= bytes;
  };
  if (await holdsZstdBlocks(path)) {
    for await (const { bytes, rows } of readZstdBlocks(path)) {
      reportBefore(bytes.length);
      for (const [start, end] of rows) {
        if (end - start > maxLineBytes) onTooLong();
        else onLine(bytes, start, end);
      }
      if (listener.isEnough()) break;
    }
  } else {
    const splitter = new LineSplitter(maxLineBytes, onLine, onTooLong);
    for await (const chunk of readDecompressed(path)) {
      reportBefore(chunk.length);
      splitter.push(asBuffer(chunk));
      if (listener.isEnough()) break;
    }
    splitter.finish();
  }
  read.lines += line;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isByteOrderMark(bytes: Uint8Array, start: number): boolean {
  return bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf;
}

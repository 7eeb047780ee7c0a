import { TitlesmithError } from '../common/errors.js';

/** Called with each line: bytes `start` to `end` (excluded) of `bytes`, without the line feed. Valid during the call. */
type LineListener = (bytes: Uint8Array, start: number, end: number) => void;

const lineFeed = 10;

/**
 * Cuts bytes into lines at line feeds, where they lie: only a line that crosses two chunks is copied. Searches as fast as
 * its chunks do: Node's Buffer several times faster than a plain Uint8Array.
 */
export class LineSplitter {
  /** Chunks of the line that has not ended yet. */
  private begun: Uint8Array[] = [];
  private begunBytes = 0;
  /** Whether the line that has not ended yet is too long already. */
  private isSkipping = false;

  /**
   * @param longest maximum bytes of a line.
   * @param onLine called with every line, also the last one if no line feed ends it.
   * @param onTooLong called as soon as a line exceeds that length; the line is skipped.
   */
  constructor(
    private readonly longest: number,
    private readonly onLine: LineListener,
    private readonly onTooLong: () => void,
  ) {}

  /** Takes the next chunk, which may be overwritten afterwards. */
  push(chunk: Uint8Array): void {
    let start = 0;
    let end = chunk.indexOf(lineFeed);
    if (end >= 0 && this.begunBytes > 0) {
      this.begin(chunk.subarray(0, end));
      this.finish();
      start = end + 1;
      end = chunk.indexOf(lineFeed, start);
    }
    while (end >= 0) {
      if (end - start > this.longest) this.onTooLong();
      else this.onLine(chunk, start, end);
      start = end + 1;
      end = chunk.indexOf(lineFeed, start);
    }
    // A copy: the slice of a Buffer would be a view.
    if (start < chunk.length) this.begin(new Uint8Array(chunk.subarray(start)));
  }

  /** Emits the last line, if no line feed ended it. */
  finish(): void {
    const { begun, begunBytes, isSkipping } = this;
    this.begun = [];
    this.begunBytes = 0;
    this.isSkipping = false;
    if (begunBytes > 0 && !isSkipping) this.onLine(joined(begun, begunBytes), 0, begunBytes);
  }

  private begin(part: Uint8Array): void {
    if (this.isSkipping) return;
    this.begunBytes += part.length;
    this.begun.push(part);
    if (this.begunBytes <= this.longest) return;
    this.begun = [];
    this.isSkipping = true;
    this.onTooLong();
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * The lines of bytes, without their line feeds. A line is valid until the next is asked for.
 * @param longest maximum bytes of a line.
 * @param onTooLong called with the number, from 1, of a longer line; the line is skipped, unless this throws.
 */
export async function* byteLines(
  chunks: AsyncIterable<Uint8Array>,
  longest: number,
  onTooLong: (number: number) => void,
): AsyncGenerator<Uint8Array> {
  let lines: Uint8Array[] = [];
  let number = 0;
  const splitter = new LineSplitter(
    longest,
    (bytes, start, end) => {
      number += 1;
      lines.push(bytes.subarray(start, end));
    },
    () => {
      number += 1;
      onTooLong(number);
    },
  );
  const cut = (work: () => void): readonly Uint8Array[] => {
    lines = [];
    work();
    return lines;
  };
  // Not `yield*`, which waits twice for each line.
  for await (const chunk of chunks) for (const line of cut(() => splitter.push(chunk))) yield line;
  for (const line of cut(() => splitter.finish())) yield line;
}

/** Longest line of a text, in UTF-16 units, so that a file without line breaks does not fill the memory. */
const maxTextLineLength = 1_000_000;

/**
 * The lines of a text that people wrote, without their ends (LF, CRLF or CR).
 * @param name of the file, for messages.
 * @throws TitlesmithError naming a line of more than a million characters.
 */
export async function* textLines(chunks: AsyncIterable<string>, name: string): AsyncGenerator<string> {
  let rest = '';
  let number = 0;
  for await (const chunk of chunks) {
    // A CR at the end may be half of a CRLF: it waits for the next chunk.
    const lines = `${rest}${chunk}`.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      number += 1;
      checkLength(line, number, name);
      yield line;
    }
    checkLength(rest, number + 1, name);
  }
  if (rest !== '') yield rest.replace(/\r$/, '');
}

function checkLength(line: string, number: number, name: string): void {
  if (line.length <= maxTextLineLength) return;
  throw new TitlesmithError(
    `Cannot read ${name}, line ${number}: it is longer than ${maxTextLineLength} characters.`,
    {
      code: 'line-too-long',
      hint: 'A text file of titles holds one a line.',
    },
  );
}

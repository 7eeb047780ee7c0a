/** Told of each line: bytes `start` to `end` (excluded) of `bytes`, without the line feed. Valid during the call. */
export type LineListener = (bytes: Buffer, start: number, end: number) => void;

const lineFeed = 10;

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Cuts bytes into lines where they lie: only a line that crosses two pieces is copied. */
export class LineSplitter {
  /** Pieces of the line that has not ended yet. */
  private begun: Buffer[] = [];
  private begunBytes = 0;

  /**
   * @param longest bytes of the longest line that is given.
   * @param onLine told of every line, the last one too where no line feed ends it.
   * @param onTooLong told of a longer line, which is not kept.
   */
  constructor(
    private readonly longest: number,
    private readonly onLine: LineListener,
    private readonly onTooLong: () => void,
  ) {}

  /** Takes the next piece, which may be overwritten afterwards. */
  push(piece: Uint8Array): void {
    const bytes = asBuffer(piece);
    let start = 0;
    let end = bytes.indexOf(lineFeed);
    if (end >= 0 && this.begunBytes > 0) {
      this.begin(bytes.subarray(0, end));
      this.finish();
      start = end + 1;
      end = bytes.indexOf(lineFeed, start);
    }
    while (end >= 0) {
      if (end - start > this.longest) this.onTooLong();
      else this.onLine(bytes, start, end);
      start = end + 1;
      end = bytes.indexOf(lineFeed, start);
    }
    if (start < bytes.length) this.begin(Buffer.from(bytes.subarray(start)));
  }

  /** Gives the line that no line feed ended. */
  finish(): void {
    const { begun, begunBytes } = this;
    this.begun = [];
    this.begunBytes = 0;
    if (begunBytes > this.longest) this.onTooLong();
    else if (begunBytes > 0) this.onLine(Buffer.concat(begun, begunBytes), 0, begunBytes);
  }

  private begin(part: Buffer): void {
    this.begunBytes += part.length;
    if (this.begunBytes > this.longest) this.begun = [];
    else this.begun.push(part);
  }
}

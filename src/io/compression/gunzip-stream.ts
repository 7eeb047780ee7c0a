/**
 * Bytes that are decompressed at a time. Deflate makes up to 1,032 bytes of one, and all that a piece holds is in memory at once: so a
 * file that is made to unpack to far more than its size takes 17 MB, not the memory of the tab.
 */
const pieceBytes = 2 ** 14;
/** Most bytes that may still be in a decompressor once it has taken a piece. */
const mostUnread = 2 ** 26;

/** Whether a header of gzip may stand at a place (RFC 1952, 2.3): the method is deflate, and no bit is set that means nothing. */
function mayBeHeader(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x1f && bytes[at + 1] === 0x8b && bytes[at + 2] === 8 && (bytes[at + 3] ?? 0xff) < 0x20
  );
}

/** Bytes of such a header that are looked at. */
const lookedAt = 4;

/** One member of a gzip file, which is decompressed piece by piece. */
class GzipMember {
  private readonly writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private reading: ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>;
  /** Bytes that came out. */
  private length = 0;
  /** The last four bytes that went in. */
  private end = new Uint8Array(4);

  constructor() {
    const { writable, readable } = new DecompressionStream('gzip');
    this.writer = writable.getWriter();
    this.reader = (readable as ReadableStream<Uint8Array>).getReader();
    // Told by what is awaited below.
    this.writer.closed.catch(() => {});
    this.reading = this.reader.read();
    this.reading.catch(() => {});
  }

  /** What a piece holds. */
  async *take(piece: Uint8Array): AsyncGenerator<Uint8Array> {
    // A copy that owns its buffer, as the decoder may take it over.
    const own = Uint8Array.from(piece);
    this.end = Uint8Array.from([...this.end, ...own.subarray(-4)]).subarray(-4);
    yield* this.until(this.writer.write(own));
  }

  /** What is left once all pieces were taken. */
  async *finish(): AsyncGenerator<Uint8Array> {
    const closing = this.writer.close();
    closing.catch(() => {});
    for (let next = await this.reading; !next.done; next = await this.reading) yield this.read(next.value);
    await closing;
  }

  /** Whether the member may end here: it ends with the number of bytes that it holds (RFC 1952, 2.3.1). */
  mayEnd(): boolean {
    const [a = 0, b = 0, c = 0, d = 0] = this.end;
    const length = (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
    return (length - this.length) >>> 0 <= mostUnread;
  }

  /** Lets go of it, wherever it is. */
  async leave(): Promise<void> {
    await Promise.allSettled([this.writer.abort(), this.reader.cancel()]);
  }

  private async *until(written: Promise<void>): AsyncGenerator<Uint8Array> {
    const isWritten = written.then(() => undefined);
    isWritten.catch(() => {});
    for (;;) {
      const next = await Promise.race([this.reading, isWritten]);
      if (next === undefined) return;
      if (next.done) return;
      yield this.read(next.value);
    }
  }

  private read(bytes: Uint8Array): Uint8Array {
    this.length += bytes.length;
    this.reading = this.reader.read();
    this.reading.catch(() => {});
    return bytes;
  }
}

/** A part of a gzip file. */
interface Piece {
  readonly bytes: Uint8Array;
  /** Whether another member may begin with it. */
  readonly begins: boolean;
}

/** The first place, of those below `until`, where a header of gzip may stand; `until` where there is none. */
function nextHeader(bytes: Uint8Array, from: number, until: number): number {
  for (let at = bytes.indexOf(0x1f, from); at >= 0 && at < until; at = bytes.indexOf(0x1f, at + 1))
    if (mayBeHeader(bytes, at)) return at;
  return until;
}

/** Chunks in pieces, cut before each place where another member may begin. */
async function* piecesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  let rest = new Uint8Array();
  const cut = function* (bytes: Uint8Array, until: number): Generator<Piece> {
    for (let start = 0; start < until; ) {
      const end = Math.min(start + pieceBytes, nextHeader(bytes, start + 1, until));
      yield { bytes: bytes.subarray(start, end), begins: mayBeHeader(bytes, start) };
      start = end;
    }
  };
  for await (const chunk of chunks) {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    const until = Math.max(0, bytes.length - lookedAt + 1);
    yield* cut(bytes, until);
    rest = bytes.slice(until);
  }
  yield* cut(rest, rest.length);
}

/**
 * Decompresses gzip, as browsers and Node do alike; also several members one behind the other (`cat a.gz b.gz`), which browsers refuse by
 * themselves. Their decompressor does not say where a member ends: it is where another may begin and the bytes before are the
 * member's length.
 * @throws what the decompressor throws for data that is damaged or cut short, and what the chunks throw.
 */
export async function* gunzipChunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let member = new GzipMember();
  let isFirst = true;
  try {
    for await (const { bytes, begins } of piecesOf(chunks)) {
      if (begins && !isFirst && member.mayEnd()) {
        yield* member.finish();
        member = new GzipMember();
      }
      isFirst = false;
      yield* member.take(bytes);
    }
    yield* member.finish();
  } finally {
    await member.leave();
  }
}

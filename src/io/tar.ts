import {
  blockBytes,
  decodeTarHeader,
  encodeTarHeader,
  padding,
  readPaxRecords,
  type TarHeader,
  textUpToZero,
} from './tar-header.js';

/** A file to add to an archive. */
export interface TarFile {
  /** Path with forward slashes. */
  readonly name: string;
  /** Bytes of its content. */
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/**
 * Streams files as a tar archive (POSIX pax). The next file is requested when the one before is written. Deterministic:
 * all entries have the same time and mode.
 * @throws what the files throw; Error where a content is not as long as it was said to be.
 */
export async function* writeTar(
  files: AsyncIterable<TarFile> | Iterable<TarFile>,
): AsyncGenerator<Uint8Array> {
  for await (const { name, size, content } of files) {
    yield* encodeTarHeader(name, size);
    let written = 0;
    for await (const chunk of content) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== size) throw new Error(`${name} has ${written} bytes, not ${size}`);
    yield padding(size);
  }
  yield new Uint8Array(2 * blockBytes);
}

/** An entry of an archive. Its content can be read until the next entry is requested. */
export interface TarEntry {
  readonly name: string;
  /** `file`, `directory`, `symlink` and so on. */
  readonly type: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Bytes taken from the front of chunks. */
class ChunkReader {
  private rest: Uint8Array = new Uint8Array();

  constructor(private readonly chunks: AsyncIterator<Uint8Array>) {}

  /** The next bytes, at least one and at most so many; undefined at the end. */
  async some(most: number): Promise<Uint8Array | undefined> {
    while (this.rest.length === 0) {
      const next = await this.chunks.next();
      if (next.done) return undefined;
      this.rest = next.value;
    }
    const part = this.rest.subarray(0, most);
    this.rest = this.rest.subarray(part.length);
    return part;
  }

  /** Exactly so many bytes, in pieces. @throws Error where fewer are left. */
  async *exactly(bytes: number): AsyncGenerator<Uint8Array> {
    for (let left = bytes; left > 0; ) {
      const part = await this.some(left);
      if (!part) throw new Error('Unexpected end of data');
      left -= part.length;
      yield part;
    }
  }

  /** So many bytes in one array, a copy. @throws Error where fewer are left. */
  async all(bytes: number): Promise<Uint8Array> {
    const whole = new Uint8Array(bytes);
    let done = 0;
    for await (const part of this.exactly(bytes)) {
      whole.set(part, done);
      done += part.length;
    }
    return whole;
  }

  /** The next block; undefined at the end. @throws Error where it is cut short. */
  async block(): Promise<Uint8Array | undefined> {
    const first = await this.some(blockBytes);
    if (!first || first.length === blockBytes) return first;
    const whole = new Uint8Array(blockBytes);
    whole.set(first);
    whole.set(await this.all(blockBytes - first.length), first.length);
    return whole;
  }
}

/** Longest extended header; it holds a name or two. */
const mostHeaderBytes = 2 ** 22;

/** What extended headers say of the next entry, or of all that follow. */
class ExtendedHeaders {
  private forAll: ReadonlyMap<string, string> = new Map();
  private forNext: ReadonlyMap<string, string> = new Map();

  /** @returns whether the header is an extended one, whose content is then taken in. */
  async take({ type, size }: TarHeader, reader: ChunkReader): Promise<boolean> {
    if (!['pax-header', 'pax-global-header', 'gnu-long-path', 'gnu-long-link-path'].includes(type))
      return false;
    if (size > mostHeaderBytes) throw new Error('an extended header of it is too long');
    const content = await reader.all(size);
    await reader.all(padding(size).length);
    if (type === 'pax-global-header') this.forAll = readPaxRecords(content);
    else if (type === 'pax-header') this.forNext = new Map([...this.forNext, ...readPaxRecords(content)]);
    else if (type === 'gnu-long-path')
      this.forNext = new Map([...this.forNext, ['path', textUpToZero(content)]]);
    return true;
  }

  /** A header with what was said of it. @throws Error for a size that is none. */
  apply(header: TarHeader): TarHeader {
    const said = new Map([...this.forAll, ...this.forNext]);
    this.forNext = new Map();
    const size = said.get('size') ?? String(header.size);
    if (!/^\d{1,15}$/.test(size)) throw new Error('a size in an extended header of it is malformed');
    return { ...header, name: said.get('path') ?? header.name, size: Number(size) };
  }
}

/** The entries of a tar archive. @throws Error for damaged data; what `bytes` throws. */
export async function* readTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const chunks = bytes[Symbol.asyncIterator]();
  const reader = new ChunkReader(chunks);
  const extended = new ExtendedHeaders();
  try {
    for (let block = await reader.block(); block; block = await reader.block()) {
      const header = decodeTarHeader(block);
      if (!header || (await extended.take(header, reader))) continue;
      const { name, type, size } = extended.apply(header);
      const length = type === 'directory' ? 0 : size;
      let left = length;
      const content = (async function* (): AsyncGenerator<Uint8Array> {
        for await (const part of reader.exactly(length)) {
          left -= part.length;
          yield part;
        }
      })();
      yield { name, type, content };
      // What was not read of it is passed over.
      await content.return(undefined);
      for await (const part of reader.exactly(left)) void part;
      await reader.all(padding(length).length);
    }
  } finally {
    await chunks.return?.();
  }
}

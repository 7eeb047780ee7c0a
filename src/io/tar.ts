import { createTarDecoder, createTarPacker, type ParsedTarEntry } from 'modern-tar';

/** A file to add to an archive. */
export interface TarFile {
  /** Path with forward slashes. */
  readonly name: string;
  /** Bytes of its content. */
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** The chunks of a stream, which is cancelled where its end is not read. */
async function* chunksOf<Chunk>(stream: ReadableStream<Chunk>): AsyncGenerator<Chunk> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    // Of a stream that has failed there is nothing to cancel.
    await reader.cancel().catch(() => {});
  }
}

/**
 * Streams files as a tar archive (POSIX pax). Files are asked for one after the other. Deterministic: all entries have the
 * same time and mode.
 * @throws what the files throw; Error where a content is not as long as it was said to be.
 */
export async function* writeTar(
  files: AsyncIterable<TarFile> | Iterable<TarFile>,
): AsyncGenerator<Uint8Array> {
  const { readable, controller } = createTarPacker();
  const fill = async (): Promise<void> => {
    for await (const { name, size, content } of files) {
      const entry = controller.add({ name, size, type: 'file', mtime: new Date(0), mode: 0o644 }).getWriter();
      // Heard of where it is written to.
      entry.closed.catch(() => {});
      let written = 0;
      for await (const chunk of content) {
        written += chunk.length;
        if (written > size) break;
        await entry.write(chunk);
      }
      if (written !== size) throw new Error(`${name} is not of ${size} bytes, as was said`);
      await entry.close();
    }
    controller.finalize();
  };
  const filled = fill().catch((error: unknown) => {
    controller.error(error);
    throw error;
  });
  // Awaited below; until then, a failure reaches the reader through the stream.
  filled.catch(() => {});
  yield* chunksOf(readable);
  await filled;
}

/** An entry of an archive. Its content can be read until the next entry is requested. */
export interface TarEntry {
  readonly name: string;
  /** `file`, `directory`, `symlink` and so on. */
  readonly type: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** The entries of a tar archive; of no bytes at all, none. @throws Error for damaged data; what `bytes` throws. */
export async function* readTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const { readable, writable } = createTarDecoder({ strict: true });
  const filled = fillStream(bytes, writable);
  // What `bytes` throws reaches the reader through the entries; so does what is wrong with them.
  filled.catch(() => {});
  for await (const entry of chunksOf(readable)) {
    const { name, type = 'file', size } = entry.header;
    if (!Number.isSafeInteger(size) || size < 0)
      throw new Error(`the size of its entry ${name} is malformed`);
    const content = chunksOf(entry.body);
    yield { name, type, content };
    await passOver(entry, content);
  }
  await filled;
}

/** Two blocks of zeros. */
const endOfArchive = new Uint8Array(1024);

async function fillStream(bytes: AsyncIterable<Uint8Array>, into: WritableStream<Uint8Array>): Promise<void> {
  const writer = into.getWriter();
  try {
    let isEmpty = true;
    for await (const chunk of bytes) {
      isEmpty &&= chunk.length === 0;
      await writer.write(chunk);
    }
    if (isEmpty) await writer.write(endOfArchive);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
}

/** What was not read of an entry is left out, so that the next one can come. */
async function passOver({ body }: ParsedTarEntry, content: AsyncGenerator<Uint8Array>): Promise<void> {
  await content.return(undefined);
  if (!body.locked) await body.cancel();
}

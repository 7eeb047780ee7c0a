import { Readable } from 'node:stream';
import { extract, pack } from 'tar-stream';

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
 * @throws what the files throw.
 */
export async function* writeTar(
  files: AsyncIterable<TarFile> | Iterable<TarFile>,
): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const fill = async (): Promise<void> => {
    for await (const { name, size, content } of files) {
      const entry = tar.entry({ name, size, mtime: new Date(0), mode: 0o644 });
      // A failure ends the entry that is being written, too; the reader hears of it from the archive.
      entry.on('error', () => {});
      for await (const chunk of content) {
        if (!entry.write(chunk)) await new Promise<void>((resume) => entry.once('drain', () => resume()));
      }
      entry.end(undefined);
    }
    tar.finalize();
  };
  const filled = fill().catch((error: Error) => {
    tar.destroy(error);
    throw error;
  });
  // Awaited below; until then, a failure reaches the reader through the stream.
  filled.catch(() => {});
  for await (const chunk of tar) yield chunk as Uint8Array;
  await filled;
}

/** An entry of an archive. Its content must be read before the next entry is requested. */
export interface TarEntry {
  readonly name: string;
  /** `file`, `directory`, `symlink` and so on. */
  readonly type: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** The entries of a tar archive. @throws Error for damaged data; what `bytes` throws. */
export async function* readTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const tar = extract();
  const source = Readable.from(bytes);
  source.on('error', (error) => tar.destroy(error));
  source.pipe(tar);
  try {
    for await (const entry of tar) {
      const { name, type } = entry.header;
      yield {
        name,
        type: type ?? 'file',
        content: entry as AsyncIterable<unknown> as AsyncIterable<Uint8Array>,
      };
    }
  } finally {
    source.destroy();
    tar.destroy();
  }
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError } from '../common/errors.js';

/** Where a file is written before it gets its final name. One fixed name a target, so that a crash leaves at most one to clean up. */
export function temporaryName(path: string): string {
  return `${path}.partial`;
}

/** Flushes a folder's entry table, so that a rename survives a power cut. A no-op where folders cannot be opened (Windows). */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * A file that appears under its name only when it is complete: chunks go to a temporary name, `commit` flushes and
 * renames, `abort` removes what was written.
 */
export class AtomicFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  /** Creates missing parent folders. @throws TitlesmithError naming the path when it cannot be written. */
  static async create(path: string): Promise<AtomicFile> {
    try {
      await mkdir(dirname(path), { recursive: true });
      return new AtomicFile(path, await open(temporaryName(path), 'w'));
    } catch (error) {
      throw fileError('write', path, error);
    }
  }

  /** Appends bytes, or text as UTF-8. */
  async write(chunk: string | Uint8Array): Promise<void> {
    try {
      await this.handle.appendFile(chunk);
    } catch (error) {
      throw fileError('write', this.path, error);
    }
  }

  async commit(): Promise<void> {
    try {
      await this.handle.sync();
      await this.handle.close();
      await rename(temporaryName(this.path), this.path);
      await syncFolder(dirname(this.path));
    } catch (error) {
      throw fileError('write', this.path, error);
    }
  }

  async abort(): Promise<void> {
    await this.handle.close();
    await rm(temporaryName(this.path), { force: true });
  }
}

/** Writes a whole file atomically: temporary name, flush, rename. @throws TitlesmithError naming the path. */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  await writeChunksAtomic(path, [content]);
}

/** Like {@link writeFileAtomic}, for content that is produced piece by piece. */
export async function writeChunksAtomic(
  path: string,
  chunks: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const file = await AtomicFile.create(path);
  try {
    for await (const chunk of chunks) await file.write(chunk);
  } catch (error) {
    await file.abort();
    throw error;
  }
  await file.commit();
}

/** SHA-256 of a file's bytes as lower-case hexadecimal, streamed. @throws TitlesmithError when the file cannot be read. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  } catch (error) {
    throw fileError('read', path, error);
  }
  return hash.digest('hex');
}

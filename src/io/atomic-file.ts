import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError } from '../common/errors.js';
import type { ContentHash } from '../common/sha256.js';
import { temporaryName } from './byte-folder.js';
import { syncFile, syncFolder } from './flush.js';
import { makeFolder } from './folders.js';
import { renameFile } from './rename.js';

/** Bytes gathered before they are written, so that a file of short lines takes few calls to the system. */
const bufferBytes = 2 ** 16;

/**
 * A file that appears under its name only when it is complete. Chunks are gathered and go to a temporary name; `commit`
 * flushes the data to disk, renames the file and flushes its folder; `abort` removes what was written.
 */
export class AtomicFile {
  private readonly buffer = Buffer.allocUnsafe(bufferBytes);
  private buffered = 0;
  private isOpen = true;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  /** Creates missing folders above the file. @throws TitlesmithError naming the path when it cannot be written. */
  static async create(path: string): Promise<AtomicFile> {
    await makeFolder(dirname(path));
    try {
      return new AtomicFile(path, await open(temporaryName(path), 'w'));
    } catch (error) {
      throw fileError('write', path, error);
    }
  }

  /**
   * Appends bytes, or text as UTF-8. The bytes may be overwritten once the promise is fulfilled.
   * @throws TitlesmithError naming the path.
   */
  async write(chunk: string | Uint8Array): Promise<void> {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (this.buffered + bytes.length > bufferBytes) await this.flush();
    if (bytes.length > bufferBytes) {
      await this.append(bytes);
    } else {
      this.buffer.set(bytes, this.buffered);
      this.buffered += bytes.length;
    }
  }

  /** Gives the file its name. Where that fails, nothing is left of it. @throws TitlesmithError naming the path. */
  async commit(): Promise<void> {
    try {
      await this.flush();
      await syncFile(this.handle);
      await this.close();
      await renameFile(temporaryName(this.path), this.path);
      await syncFolder(dirname(this.path));
    } catch (error) {
      await this.abort();
      throw fileError('write', this.path, error);
    }
  }

  /** Removes what was written; does nothing to a file that is committed. Never throws: it follows an error that matters more. */
  async abort(): Promise<void> {
    try {
      await this.close();
      await rm(temporaryName(this.path), { force: true });
    } catch {
      // What is left has a temporary name, and the next attempt overwrites it.
    }
  }

  private async flush(): Promise<void> {
    const { buffered } = this;
    if (buffered === 0) return;
    this.buffered = 0;
    await this.append(this.buffer.subarray(0, buffered));
  }

  private async append(bytes: Uint8Array): Promise<void> {
    try {
      await this.handle.appendFile(bytes);
    } catch (error) {
      throw fileError('write', this.path, error);
    }
  }

  private async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.handle.close();
  }
}

type FilesOf<Paths extends readonly string[]> = { readonly [Index in keyof Paths]: AtomicFile };

/**
 * Writes several files of which none appears before all are complete: they are committed one after the other, in the
 * order of `paths`, once `produce` has returned. Where it throws, nothing is left of any.
 * @param produce receives a file for each path.
 * @returns what `produce` returns.
 * @throws TitlesmithError naming a path that cannot be written, and what `produce` throws.
 */
export async function writeAtomically<const Paths extends readonly string[], Result>(
  paths: Paths,
  produce: (files: FilesOf<Paths>) => Promise<Result>,
): Promise<Result> {
  const files: AtomicFile[] = [];
  try {
    for (const path of paths) files.push(await AtomicFile.create(path));
    const result = await produce(files as FilesOf<Paths>);
    for (const file of files) await file.commit();
    return result;
  } catch (error) {
    for (const file of files) await file.abort();
    throw error;
  }
}

/** Writes a whole file atomically. @throws TitlesmithError naming the path. */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  await writeChunksAtomic(path, [content]);
}

/** Like {@link writeFileAtomic}, for content that comes in chunks. @throws what the iteration of `chunks` throws, too. */
export async function writeChunksAtomic(
  path: string,
  chunks: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  await writeAtomically([path], async ([file]) => {
    for await (const chunk of chunks) await file.write(chunk);
  });
}

/** SHA-256 by Node's own code, several times as fast as what runs in browsers too. */
export function nativeSha256(): ContentHash {
  const hash = createHash('sha256');
  return { update: (chunk) => hash.update(chunk), hex: () => hash.digest('hex') };
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

import { TitlesmithError } from '../../common/errors.js';
import { type ByteSource, blobSource } from '../../io/byte-source.js';
import type { FileContent, FileStore, StoredFile } from './file-store.js';

/** What is used of FileSystemSyncAccessHandle (File System Standard): a file that one worker has open alone. */
interface SyncAccess {
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

interface FileHandle {
  readonly kind: 'file';
  readonly name: string;
  getFile(): Promise<Blob>;
  createSyncAccessHandle(): Promise<SyncAccess>;
  move(folder: FolderHandle, name: string): Promise<void>;
}

/** What is used of FileSystemDirectoryHandle. */
export interface FolderHandle {
  readonly kind: 'directory';
  readonly name: string;
  getFileHandle(name: string, options?: { readonly create?: boolean }): Promise<FileHandle>;
  getDirectoryHandle(name: string, options?: { readonly create?: boolean }): Promise<FolderHandle>;
  removeEntry(name: string, options?: { readonly recursive?: boolean }): Promise<void>;
  values(): AsyncIterable<FileHandle | FolderHandle>;
}

const encoder = new TextEncoder();
/** What a file is called until it is whole. */
const unfinished = '.partial';

const isMissing = (error: unknown): boolean =>
  error instanceof Error && ['NotFoundError', 'TypeMismatchError'].includes(error.name);

/** A fault of the browser's storage as an error that a person can act on; any other value unchanged. */
function storageFault(path: string, error: unknown): unknown {
  const { name = '', message = '' } = error instanceof Error ? error : {};
  if (name === 'QuotaExceededError') {
    return new TitlesmithError(`Cannot write ${path}: the browser gives this site no more room.`, {
      code: 'storage-full',
      hint: 'Free space on the device, or remove runs that are no longer needed; what was saved stays.',
      cause: error,
    });
  }
  if (!['NoModificationAllowedError', 'InvalidStateError', 'NotAllowedError'].includes(name)) return error;
  return new TitlesmithError(`Cannot write ${path}: ${message}`, {
    code: 'storage',
    hint: 'Close other tabs of this site, then try again.',
    cause: error,
  });
}

/**
 * Files in the origin's private file system. A file is written under another name through a synchronous access handle,
 * flushed, which hands all of it to the operating system's storage, and only then moved to its own name. So a tab, a browser
 * or a worker that is killed leaves the file as it was, or whole. What a power cut leaves is up to the browser: no interface
 * of the web promises more.
 */
export class OriginStore implements FileStore {
  /** @param root the folder that holds the files. Only a worker may write. */
  constructor(private readonly root: FolderHandle) {}

  async list(below?: string): Promise<readonly StoredFile[]> {
    const folder = below === undefined ? this.root : await this.folder(below.split('/'), false);
    if (!folder) return [];
    const files: StoredFile[] = [];
    await addFiles(folder, below === undefined ? '' : `${below}/`, files);
    return files.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async open(path: string): Promise<ByteSource | undefined> {
    const handle = await this.file(path);
    return handle && blobSource(path, await handle.getFile());
  }

  async write(path: string, content: FileContent): Promise<void> {
    const { folder, name } = await this.place(path);
    try {
      const handle = await folder.getFileHandle(`${name}${unfinished}`, { create: true });
      await writeThrough(handle, content);
      await handle.move(folder, name);
    } catch (error) {
      await folder.removeEntry(`${name}${unfinished}`).catch(() => {});
      throw storageFault(path, error);
    }
  }

  async move(from: string, to: string): Promise<void> {
    const handle = await this.file(from);
    if (!handle) throw new RangeError(`no file ${from}`);
    const { folder, name } = await this.place(to);
    try {
      await handle.move(folder, name);
    } catch (error) {
      throw storageFault(to, error);
    }
  }

  async remove(path: string): Promise<void> {
    const names = path.split('/');
    const folder = await this.folder(names.slice(0, -1), false);
    await folder?.removeEntry(names.at(-1)!, { recursive: true }).catch((error: unknown) => {
      if (!isMissing(error)) throw storageFault(path, error);
    });
  }

  private async file(path: string): Promise<FileHandle | undefined> {
    const names = path.split('/');
    const folder = await this.folder(names.slice(0, -1), false);
    try {
      return await folder?.getFileHandle(names.at(-1)!);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** The folder of a file, which is made where it is missing, and the file's name. */
  private async place(path: string): Promise<{ folder: FolderHandle; name: string }> {
    const names = path.split('/');
    return { folder: (await this.folder(names.slice(0, -1), true))!, name: names.at(-1)! };
  }

  private async folder(names: readonly string[], create: boolean): Promise<FolderHandle | undefined> {
    let folder = this.root;
    try {
      for (const name of names) folder = await folder.getDirectoryHandle(name, { create });
      return folder;
    } catch (error) {
      if (!create && isMissing(error)) return undefined;
      throw storageFault(names.join('/'), error);
    }
  }
}

async function addFiles(folder: FolderHandle, prefix: string, files: StoredFile[]): Promise<void> {
  for await (const entry of folder.values()) {
    if (entry.kind === 'directory') await addFiles(entry, `${prefix}${entry.name}/`, files);
    else if (!entry.name.endsWith(unfinished))
      files.push({ path: `${prefix}${entry.name}`, bytes: (await entry.getFile()).size });
  }
}

const noRoom = (): Error => Object.assign(new Error('no room'), { name: 'QuotaExceededError' });

async function writeThrough(handle: FileHandle, content: FileContent): Promise<void> {
  const access = await handle.createSyncAccessHandle();
  try {
    access.truncate(0);
    let at = 0;
    for await (const chunk of content) {
      const bytes = typeof chunk === 'string' ? encoder.encode(chunk) : chunk;
      for (let done = 0; done < bytes.length; ) {
        const rest = bytes.subarray(done);
        const written = access.write(rest, { at });
        // Where the room ends, some browsers write less than was asked for, and say nothing; Chromium gives the number of an error,
        // -8, as one without a sign, and cuts the file.
        if (written === 0 || written > rest.length) throw noRoom();
        done += written;
        at += written;
      }
    }
    access.flush();
    if (access.getSize() !== at) throw noRoom();
  } finally {
    access.close();
  }
}

import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileError, systemErrorCode, usageError } from '../common/errors.js';
import { writeChunksAtomic } from '../io/atomic-file.js';
import { requireOptionalPackage } from '../io/optional-package.js';
import type { StorageFile, StorageFolder } from './storage.js';

/** Whether a place is in a bucket, not on this machine. */
export function isBucket(place: string): boolean {
  return /^gs:\/\//i.test(place);
}

/** @throws TitlesmithError `package-missing` with the command that installs Google's client. */
async function loadGoogleStorage(place: string): Promise<typeof import('./google-storage.js')> {
  requireOptionalPackage('@google-cloud/storage', place);
  return import('./google-storage.js');
}

function localFile(path: string): StorageFile {
  return {
    name: path,
    exists: async () => {
      try {
        return (await stat(path)).isFile();
      } catch (error) {
        if (systemErrorCode(error) === 'ENOENT') return false;
        throw fileError('read', path, error);
      }
    },
    async *read() {
      try {
        for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 18 }))
          yield chunk as Uint8Array;
      } catch (error) {
        throw fileError('read', path, error);
      }
    },
    write: (chunks) => writeChunksAtomic(path, chunks),
  };
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}

/**
 * Opens a file by its path or `gs://bucket/object`. An existing folder, or a name that ends with a slash, means the file
 * `inFolder` in it.
 * @throws TitlesmithError `usage` for a folder without `inFolder`, or an invalid object name.
 */
export async function openStorageFile(text: string, inFolder?: string): Promise<StorageFile> {
  const isIn = /[\\/]$/.test(text) || (await isFolder(text));
  if (isIn && inFolder === undefined) throw usageError(`${text} is a folder.`, 'Name the archive in it.');
  if (isBucket(text)) {
    const { openObject } = await loadGoogleStorage(text);
    return openObject(isIn ? `${text}${inFolder}` : text);
  }
  return localFile(isIn ? join(text, inFolder ?? '') : text);
}

/** Opens a folder by its path or `gs://bucket/folder`. @throws TitlesmithError `usage` for an invalid bucket name. */
export async function openStorageFolder(text: string): Promise<StorageFolder> {
  if (isBucket(text)) {
    const { openObject, listObjects } = await loadGoogleStorage(text);
    const prefix = `${text.replace(/\/+$/, '')}/`;
    return {
      name: prefix.slice(0, -1),
      file: (path) => openObject(`${prefix}${path}`),
      list: async () => (await listObjects(prefix)).map((name) => basename(name)),
    };
  }
  return {
    name: text,
    file: async (path) => localFile(join(text, path)),
    list: async () => {
      try {
        return (await readdir(text, { withFileTypes: true }))
          .filter((entry) => entry.isFile())
          .map(({ name }) => name);
      } catch (error) {
        if (systemErrorCode(error) === 'ENOENT') return [];
        throw fileError('read', text, error);
      }
    },
  };
}

import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileError, systemErrorCode, usageError } from '../common/errors.js';
import { writeChunksAtomic } from '../io/atomic-file.js';
import type { Place, PlaceFolder } from './archive-place.js';

const bucketPattern = /^gs:\/\//i;

function localFile(path: string): Place {
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
 * The place a text names: a path, or `gs://bucket/object`. A folder (one that is there, or a name that ends with a
 * slash) stands for the file `inFolder` in it; without `inFolder` it is none.
 * @throws TitlesmithError when it is a folder but should be a file, or no name of an object, or there are no credentials for it.
 */
export async function openPlace(text: string, inFolder?: string): Promise<Place> {
  const isIn = /[\\/]$/.test(text) || (await isFolder(text));
  if (isIn && inFolder === undefined) throw usageError(`${text} is a folder.`, 'Name the archive in it.');
  if (bucketPattern.test(text)) {
    const { openObject } = await import('./google-storage.js');
    return openObject(isIn ? `${text}${inFolder}` : text);
  }
  return localFile(isIn ? join(text, inFolder ?? '') : text);
}

/** A folder of places: a path, or `gs://bucket/folder`. @throws TitlesmithError as {@link openPlace}. */
export async function openPlaceFolder(text: string): Promise<PlaceFolder> {
  if (bucketPattern.test(text)) {
    const { openObject, listObjects } = await import('./google-storage.js');
    const prefix = `${text.replace(/\/+$/, '')}/`;
    return {
      name: prefix.slice(0, -1),
      at: (path) => openObject(`${prefix}${path}`),
      list: async () => (await listObjects(prefix)).map((name) => basename(name)),
    };
  }
  return {
    name: text,
    at: async (path) => localFile(join(text, path)),
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

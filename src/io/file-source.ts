import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../common/errors.js';
import { writeChunksAtomic } from './atomic-file.js';
import type { WritableFolder } from './byte-folder.js';
import type { ByteSource } from './byte-source.js';

/** Opens a file on a disk. @throws TitlesmithError naming it when it is not there, or cannot be read. */
export async function openFileSource(path: string): Promise<ByteSource> {
  const explained = async <Result>(action: () => Promise<Result>): Promise<Result> => {
    try {
      return await action();
    } catch (error) {
      throw fileError('read', path, error);
    }
  };
  const handle = await explained(() => open(path, 'r'));
  try {
    const { size } = await explained(() => handle.stat());
    return {
      name: path,
      size,
      read: async (into, offset) => {
        let done = 0;
        while (done < into.length) {
          const { bytesRead } = await explained(() =>
            handle.read(into, done, into.length - done, offset + done),
          );
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return done;
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A folder on a disk; nothing is read of it yet. Links to files count as files. */
export function fileFolder(path: string): WritableFolder {
  return {
    name: path,
    pathOf: (file) => join(path, file),
    names: async () => {
      try {
        const found: string[] = [];
        for (const name of await readdir(path)) {
          if ((await stat(join(path, name)).catch(() => undefined))?.isFile()) found.push(name);
        }
        return found;
      } catch (error) {
        throw fileError('read', path, error);
      }
    },
    open: (file) => openFileSource(join(path, file)),
    write: (file, chunks) => writeChunksAtomic(join(path, file), chunks),
    remove: (file) => rm(join(path, file), { force: true }),
  };
}

import { TitlesmithError } from '../../common/errors.js';
import type { WritableFolder } from '../../io/byte-folder.js';
import { readChunks, readSourceText } from '../../io/byte-source.js';
import type { FileStore } from './file-store.js';

/** The text of a file, UTF-8; undefined where there is none. */
export async function readTextOf(files: FileStore, path: string): Promise<string | undefined> {
  const source = await files.open(path);
  return source && readSourceText(source).finally(() => source.close());
}

/** The bytes of a file in chunks; none where there is no such file. */
export async function* readBytesOf(files: Pick<FileStore, 'open'>, path: string): AsyncGenerator<Uint8Array> {
  const source = await files.open(path);
  if (!source) return;
  try {
    yield* readChunks(source);
  } finally {
    await source.close();
  }
}

/** A folder of a store, whose files are opened one by one. */
export function storedFolder(files: FileStore, folder: string): WritableFolder {
  const pathOf = (file: string): string => `${folder}/${file}`;
  return {
    name: folder,
    pathOf,
    names: async () => {
      const names = (await files.list(folder)).map(({ path }) => path.slice(folder.length + 1));
      return names.filter((name) => !name.includes('/'));
    },
    open: async (file) => {
      const source = await files.open(pathOf(file));
      if (source) return source;
      throw new TitlesmithError(`Cannot read ${pathOf(file)}: no such file.`, {
        code: 'file-enoent',
        hint: 'Do the steps of the run before it first.',
      });
    },
    write: (file, chunks) => files.write(pathOf(file), chunks),
    remove: (file) => files.remove(pathOf(file)),
  };
}

import type { ByteSource } from '../../io/byte-source.js';

/** A file of a store, by its path in it, with forward slashes. */
export interface StoredFile {
  readonly path: string;
  readonly bytes: number;
}

/** The content of a file, in chunks: bytes, or text that becomes UTF-8. */
export type FileContent = Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

/**
 * Files by path, as a folder holds them: in the origin's private file system, or in memory. A file that is written is there
 * whole or not at all, whenever the tab is killed.
 */
export interface FileStore {
  /** All files below a folder, sorted by path; of the whole store where it is left out. */
  list(below?: string): Promise<readonly StoredFile[]>;
  /** A file to be read in any order; undefined where there is none. The caller closes it. */
  open(path: string): Promise<ByteSource | undefined>;
  /** Replaces a file. @throws TitlesmithError `storage-full` where there is no room, and what the chunks throw. */
  write(path: string, content: FileContent): Promise<void>;
  /** Gives a file another path, whatever was there. */
  move(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all it holds; nothing where there is none. */
  remove(path: string): Promise<void>;
}

/** A part of a store as a store: the files below a folder. */
export function storeBelow(store: FileStore, folder: string): FileStore {
  const whole = (path: string): string => `${folder}/${path}`;
  return {
    list: async (below) => {
      const files = await store.list(below === undefined ? folder : whole(below));
      return files.map(({ path, bytes }) => ({ path: path.slice(folder.length + 1), bytes }));
    },
    open: (path) => store.open(whole(path)),
    write: (path, content) => store.write(whole(path), content),
    move: (from, to) => store.move(whole(from), whole(to)),
    remove: (path) => store.remove(whole(path)),
  };
}

/** A file of a store, by its path in it, with forward slashes. */
export interface StoredFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Files by path, as a folder holds them: in the origin's private file system, or in memory. A file that is written is there
 * whole or not at all, whenever the tab is killed.
 */
export interface FileStore {
  /** All files below a folder, sorted by path; of the whole store where it is left out. */
  list(below?: string): Promise<readonly StoredFile[]>;
  /** The bytes of a file; undefined where there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Replaces a file by what the chunks hold, text as UTF-8. @throws TitlesmithError `storage-full`, or why it cannot be written. */
  write(
    path: string,
    chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
  ): Promise<void>;
  /** Gives a file another path, whatever was there. */
  move(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all it holds; nothing where there is none. */
  remove(path: string): Promise<void>;
}

import { TitlesmithError } from '../common/errors.js';
import { type ByteSource, readSourceText } from './byte-source.js';

/** Files by name, wherever they lie: a folder on a disk, or files that were dropped on a page. */
export interface ByteFolder {
  /** What messages call the folder: its path, or the name of what was dropped. */
  readonly name: string;
  /** What messages call a file of it, there or not. */
  pathOf(file: string): string;
  /** The names of the files directly in it. @throws TitlesmithError when they cannot be listed. */
  names(): Promise<readonly string[]>;
  /** Opens a file of it. @throws TitlesmithError: `file-enoent` where there is none. */
  open(file: string): Promise<ByteSource>;
}

/** A folder whose files are replaced whole: a reader finds the one before or the one after, whenever its writer is killed. */
export interface WritableFolder extends ByteFolder {
  /** Writes a file, text as UTF-8, and makes the folder where it is missing. @throws TitlesmithError naming the file. */
  write(
    file: string,
    chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
  ): Promise<void>;
  /** Removes a file; nothing where there is none. */
  remove(file: string): Promise<void>;
}

const temporarySuffix = '.partial';
/** Where a file is written before it gets its name. One name for each target, so that a crash leaves at most one file behind. */
export function temporaryName(path: string): string {
  return `${path}${temporarySuffix}`;
}

/** Whether a path is that of a file which was never finished. */
export function isTemporaryName(path: string): boolean {
  return path.endsWith(temporarySuffix);
}

/**
 * Open sources as a folder. Each stays open when what was made of it closes it: whoever opened them closes them.
 * @param name what messages call it.
 */
export function sourcesFolder(name: string, sources: ReadonlyMap<string, ByteSource>): ByteFolder {
  const pathOf = (file: string): string => `${name}/${file}`;
  return {
    name,
    pathOf,
    names: async () => [...sources.keys()],
    open: async (file) => {
      const source = sources.get(file);
      if (!source) {
        throw new TitlesmithError(`Cannot read ${pathOf(file)}: no such file.`, {
          code: 'file-enoent',
          hint: 'Add it to the files that you choose.',
        });
      }
      const read: ByteSource['read'] = (into, offset) => source.read(into, offset);
      return { name: pathOf(file), size: source.size, read, close: async () => {} };
    },
  };
}

/** Opens a file; undefined where there is none. @throws when it cannot be read. */
export async function openOptionalIn(folder: ByteFolder, file: string): Promise<ByteSource | undefined> {
  try {
    return await folder.open(file);
  } catch (error) {
    if (error instanceof TitlesmithError && error.code === 'file-enoent') return undefined;
    throw error;
  }
}

async function readAndClose(source: ByteSource): Promise<string> {
  try {
    return await readSourceText(source);
  } finally {
    await source.close();
  }
}

/** The text of a file, UTF-8. @throws as the folder's `open`, and when it cannot be read. */
export async function readTextIn(folder: ByteFolder, file: string): Promise<string> {
  return readAndClose(await folder.open(file));
}

/** The text of a file; undefined where there is none. @throws when it cannot be read. */
export async function readOptionalIn(folder: ByteFolder, file: string): Promise<string | undefined> {
  const source = await openOptionalIn(folder, file);
  return source && readAndClose(source);
}

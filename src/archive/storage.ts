/** A file on this machine (or on what is mounted there), or an object of a bucket. */
export interface StorageFile {
  /** As a person writes it. */
  readonly name: string;
  exists(): Promise<boolean>;
  /** Its bytes. @throws TitlesmithError when it is not there, or cannot be read. */
  read(): AsyncIterable<Uint8Array>;
  /** Writes it whole or not at all. @throws TitlesmithError naming it. */
  write(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
}

/** A folder, or the objects of a bucket whose names begin with the same prefix. */
export interface StorageFolder {
  readonly name: string;
  /** The file at a path below it, with forward slashes, whether it is there or not. */
  file(path: string): Promise<StorageFile>;
  /** Names of the files directly in it. */
  list(): Promise<readonly string[]>;
}

/** The whole text of a small file. @throws as {@link StorageFile.read}. */
export async function readText(file: StorageFile): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.read()) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

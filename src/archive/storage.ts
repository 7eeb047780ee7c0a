/** A local file, or an object in a bucket. */
export interface StorageFile {
  /** Its path or `gs://` name, as the user gave it. */
  readonly name: string;
  exists(): Promise<boolean>;
  /** Its bytes. @throws TitlesmithError when it is missing or cannot be read. */
  read(): AsyncIterable<Uint8Array>;
  /** Writes it atomically. @throws TitlesmithError naming it. */
  write(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
}

/** A folder, or the objects of a bucket with a common prefix. */
export interface StorageFolder {
  readonly name: string;
  /** The file at a path below it, with forward slashes; it need not exist. */
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

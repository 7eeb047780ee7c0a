export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** A file on this machine (or on what is mounted there), or an object of a bucket. */
export interface Place {
  /** As a person writes it. */
  readonly name: string;
  exists(): Promise<boolean>;
  /** Its bytes. @throws TitlesmithError when it is not there, or cannot be read. */
  read(): AsyncIterable<Uint8Array>;
  /** Writes it whole or not at all. @throws TitlesmithError naming it. */
  write(chunks: Chunks): Promise<void>;
}

/** A folder, or what begins alike in a bucket. */
export interface PlaceFolder {
  readonly name: string;
  at(path: string): Promise<Place>;
  /** Names of the files directly in it. */
  list(): Promise<readonly string[]>;
}

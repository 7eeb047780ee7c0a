import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError, systemErrorCode } from '../common/errors.js';
import { syncData, syncFolder } from './flush.js';
import { makeFolder } from './folders.js';
import type { RecordFormat } from './record-formats.js';

interface ReadLog<Item> {
  readonly records: readonly Item[];
  /** Bytes that the records take, from the beginning of the file. */
  readonly bytes: number;
  readonly isNew: boolean;
}

async function readWholeRecords<Item>(
  path: string,
  format: RecordFormat<Item>,
  keep: (record: Item, index: number) => boolean,
): Promise<ReadLog<Item>> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return { records: [], bytes: 0, isNew: true };
    throw fileError('read', path, error);
  }
  const records: Item[] = [];
  let bytes = 0;
  while (bytes < content.length) {
    const next = format.decode(content, bytes, records.length + 1);
    if (next === undefined || !keep(next.record, records.length)) break;
    records.push(next.record);
    bytes = next.end;
  }
  return { records, bytes, isNew: false };
}

/**
 * A file that is only ever added to, record by record, and that survives a crash: on opening, it is cut back to its last
 * whole record; a record that could not be written in full is cut off again.
 */
export class AppendLog<Item> {
  /** The pending write; the next one waits for it. */
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly format: RecordFormat<Item>,
    /** The records that the file held when it was opened. */
    readonly opened: readonly Item[],
    private bytes: number,
  ) {}

  /**
   * Opens the file, or creates it and missing folders above it.
   * @param keep called with each record in order; at the first false the file is cut, so that records that a resumed run
   * writes again are not there twice. Keeps all by default.
   * @throws TitlesmithError naming the path, and what the format throws for a record that no crash explains.
   */
  static async open<Item>(
    path: string,
    format: RecordFormat<Item>,
    keep: (record: Item, index: number) => boolean = () => true,
  ): Promise<AppendLog<Item>> {
    await makeFolder(dirname(path));
    const { records, bytes, isNew } = await readWholeRecords(path, format, keep);
    try {
      const handle = await open(path, constants.O_RDWR | constants.O_CREAT);
      if (isNew) await syncFolder(dirname(path));
      else await handle.truncate(bytes);
      return new AppendLog(path, handle, format, records, bytes);
    } catch (error) {
      throw fileError('write', path, error);
    }
  }

  /**
   * Adds a record. Once the promise is fulfilled, the record outlives the process; flushed, a power cut too. Overlapping
   * calls are done in order.
   * @throws TitlesmithError naming the path, after which the file is as before.
   */
  append(record: Item, options: { readonly flush?: boolean } = {}): Promise<void> {
    return this.appendAll([record], options);
  }

  /** Adds records in one write, as {@link append} adds one: an error adds none; a crash may leave the first of them. */
  appendAll(records: readonly Item[], { flush = false }: { readonly flush?: boolean } = {}): Promise<void> {
    return this.inTurn(async () => {
      const encoded = Buffer.concat(records.map((record) => this.format.encode(record)));
      try {
        for (let done = 0; done < encoded.length; ) {
          const { bytesWritten } = await this.handle.write(
            encoded,
            done,
            encoded.length - done,
            this.bytes + done,
          );
          done += bytesWritten;
        }
        if (flush) await syncData(this.handle);
      } catch (error) {
        await this.handle.truncate(this.bytes).catch(() => {});
        throw error;
      }
      this.bytes += encoded.length;
    });
  }

  /** Flushes all added records to disk. @throws TitlesmithError naming the path. */
  flush(): Promise<void> {
    return this.inTurn(() => syncData(this.handle));
  }

  /** Waits for pending writes, and closes the file. */
  async close(): Promise<void> {
    await this.last;
    await this.handle.close();
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.last.then(work).catch((error: unknown) => {
      throw fileError('write', this.path, error);
    });
    this.last = done.catch(() => {});
    return done;
  }
}

/**
 * The whole records of a log that is not opened for writing; none if there is no file.
 * @throws TitlesmithError naming the path, and what the format throws.
 */
export async function readAppendLog<Item>(
  path: string,
  format: RecordFormat<Item>,
): Promise<readonly Item[]> {
  return (await readWholeRecords(path, format, () => true)).records;
}

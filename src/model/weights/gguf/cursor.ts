import { damagedCheckpoint } from '../open-model.js';

/** A value of a GGUF's metadata. Whole numbers that a double cannot hold are bigints. */
export type MetadataValue = number | bigint | boolean | string | readonly MetadataValue[];

/** Thrown where a header goes on behind what was read of its file. */
export class Shortage extends Error {}

/** Kinds of values by GGUF's number, and their size in bytes; a string and an array begin with a length. */
const [boolKind, stringKind, arrayKind] = [7, 8, 9];
const kindBytes: readonly number[] = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8];
const deepestArray = 3;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads little-endian values one after the other from the beginning of a file. */
export class Cursor {
  position = 0;
  private readonly view: DataView;

  /** @param bytes the first of the file. */
  constructor(
    readonly path: string,
    private readonly bytes: Uint8Array,
    readonly fileSize: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Where the next values begin, which are passed. @throws Shortage when they were not read, TitlesmithError when they cannot be. */
  private take(length: number, what: string): number {
    const start = this.position;
    if (start + length > this.fileSize)
      throw damagedCheckpoint(this.path, `${what} leads behind the end of the file`);
    if (start + length > this.bytes.length) throw new Shortage();
    this.position += length;
    return start;
  }

  uint32(what: string): number {
    return this.view.getUint32(this.take(4, what), true);
  }

  /** @throws TitlesmithError when it is more than any file has bytes. */
  uint64(what: string): number {
    const value = Number(this.view.getBigUint64(this.take(8, what), true));
    if (!Number.isSafeInteger(value)) throw damagedCheckpoint(this.path, `${what} has a number of ${value}`);
    return value;
  }

  /** A number of things of so many bytes at least, which must fit into the rest of the file. */
  count(what: string, bytes: number): number {
    const count = this.uint64(what);
    if (count * bytes > this.fileSize - this.position)
      throw damagedCheckpoint(this.path, `${what}, ${count}, is more than the file holds`);
    return count;
  }

  text(what: string): string {
    const length = this.count(`the length of ${what}`, 1);
    const start = this.take(length, what);
    try {
      return utf8.decode(this.bytes.subarray(start, start + length));
    } catch {
      throw damagedCheckpoint(this.path, `${what} is not UTF-8`);
    }
  }

  /** A value of metadata, its kind first. @param key names it in messages. */
  value(key: string): MetadataValue {
    return this.valueOf(this.uint32(`metadata ${key}`), key, 0);
  }

  private valueOf(kind: number, key: string, depth: number): MetadataValue {
    const what = `metadata ${JSON.stringify(key.slice(0, 60))}`;
    const bytes = kindBytes[kind];
    if (bytes === undefined) throw damagedCheckpoint(this.path, `${what} has the unknown type ${kind}`);
    if (kind === stringKind) return this.text(what);
    if (kind === arrayKind) {
      if (depth === deepestArray) throw damagedCheckpoint(this.path, `${what} has arrays too deep in arrays`);
      const element = this.uint32(what);
      const length = this.count(`the length of ${what}`, kindBytes[element] ?? 1);
      const values: MetadataValue[] = [];
      for (let index = 0; index < length; index++) values.push(this.valueOf(element, key, depth + 1));
      return values;
    }
    return this.scalar(kind, this.take(bytes, what));
  }

  private scalar(kind: number, at: number): number | bigint | boolean {
    const { view } = this;
    if (kind === boolKind) return view.getUint8(at) !== 0;
    const read = [
      () => view.getUint8(at),
      () => view.getInt8(at),
      () => view.getUint16(at, true),
      () => view.getInt16(at, true),
      () => view.getUint32(at, true),
      () => view.getInt32(at, true),
      () => view.getFloat32(at, true),
    ][kind];
    if (read) return read();
    if (kind === 12) return view.getFloat64(at, true);
    const whole = kind === 10 ? view.getBigUint64(at, true) : view.getBigInt64(at, true);
    const value = Number(whole);
    return Number.isSafeInteger(value) ? value : whole;
  }
}

import { crc32c, maskCrc } from '../../../io/crc32c.js';
import { damagedCheckpoint } from '../safetensors-header.js';

/** The last bytes of a table: handles of two blocks, padding, and a magic number. */
const [footerBytes, magicBytes] = [48, 8];
const magic = 0xdb4775248b80fb57n;
/** After each block: one byte that names its compression, and its CRC. */
const trailerBytes = 5;

interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

/** Walks through bytes; every read is checked against the end. */
class Reader {
  constructor(
    private readonly path: string,
    private readonly bytes: Uint8Array,
    public position = 0,
  ) {}

  get isAtEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.position)
      throw damagedCheckpoint(this.path, 'a block of it ends early');
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  /** Seven bits a byte, the lowest first; as a number, so up to 2^53. */
  variableLengthInteger(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const [byte = 0] = this.take(1);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw damagedCheckpoint(this.path, 'a number in it is too long');
  }

  handle(): BlockHandle {
    return { offset: this.variableLengthInteger(), size: this.variableLengthInteger() };
  }
}

function readBlock(path: string, file: Buffer, { offset, size }: BlockHandle): Buffer {
  const end = offset + size;
  if (end + trailerBytes > file.length - footerBytes) {
    throw damagedCheckpoint(path, 'a block lies behind its end; the file is cut short');
  }
  if (maskCrc(crc32c(file.subarray(offset, end + 1))) !== file.readUInt32LE(end + 1)) {
    throw damagedCheckpoint(path, `the CRC of the block at byte ${offset} is wrong`);
  }
  if (file[end] !== 0) throw damagedCheckpoint(path, 'it is compressed, which TensorFlow does not do');
  return file.subarray(offset, end);
}

/** The entries of a block: each key is written as what it does not share with the key before. */
function* entriesOf(path: string, block: Buffer): Generator<[key: string, value: Uint8Array]> {
  if (block.length < 4) throw damagedCheckpoint(path, 'a block of it ends early');
  const restarts = block.readUInt32LE(block.length - 4);
  const end = block.length - 4 * (restarts + 1);
  if (end < 0) throw damagedCheckpoint(path, 'a block of it ends early');
  const reader = new Reader(path, block.subarray(0, end));
  let key = Buffer.alloc(0);
  while (!reader.isAtEnd) {
    const shared = reader.variableLengthInteger();
    const own = reader.variableLengthInteger();
    const valueLength = reader.variableLengthInteger();
    if (shared > key.length) throw damagedCheckpoint(path, 'a key in it shares more than there is');
    key = Buffer.concat([key.subarray(0, shared), reader.take(own)]);
    yield [key.toString('utf8'), reader.take(valueLength)];
  }
}

/**
 * Reads a sorted string table, the form of TensorFlow's `.index` files (LevelDB's table_format.md): every
 * block is checked against its CRC.
 * @param file the whole file. @param path names it in messages.
 * @returns values by key, in order.
 * @throws TitlesmithError when the file is cut short or damaged.
 */
export function readSortedTable(file: Buffer, path: string): Map<string, Uint8Array> {
  if (file.length < footerBytes || file.readBigUInt64LE(file.length - magicBytes) !== magic) {
    throw damagedCheckpoint(path, 'not an index of a TensorFlow checkpoint, or cut short');
  }
  const footer = new Reader(path, file.subarray(file.length - footerBytes));
  footer.handle();
  const index = readBlock(path, file, footer.handle());
  const table = new Map<string, Uint8Array>();
  for (const [, value] of entriesOf(path, index)) {
    const block = readBlock(path, file, new Reader(path, value).handle());
    for (const [key, entry] of entriesOf(path, block)) table.set(key, entry);
  }
  return table;
}

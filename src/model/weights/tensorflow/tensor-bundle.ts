import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { fileError } from '../../../common/errors.js';
import { crc32c, maskCrc } from '../../../io/crc32c.js';
import { field, messageCodec, repeatedField } from '../../../io/protobuf.js';
import { elementCount, formatShape, type Shape } from '../../graph/shape.js';
import { damagedCheckpoint } from '../open-model.js';

/** The fields of TensorFlow's tensor_bundle.proto and tensor_shape.proto that are read. */
const messages = {
  BundleHeader: { fields: { shards: field(1, 'int32'), endianness: field(2, 'int32') } },
  BundleEntry: {
    fields: {
      dtype: field(1, 'int32'),
      shape: field(2, 'TensorShape'),
      shard: field(3, 'int32'),
      offset: field(4, 'int64'),
      size: field(5, 'int64'),
      crc32c: field(6, 'fixed32'),
      slices: repeatedField(7, 'bytes'),
    },
  },
  TensorShape: { fields: { dimensions: repeatedField(2, 'Dimension') } },
  Dimension: { fields: { size: field(1, 'int64') } },
};
const headerCodec = messageCodec(messages, 'BundleHeader');
const entryCodec = messageCodec(messages, 'BundleEntry');

interface BundleHeader {
  readonly shards: number;
  /** 0 little, 1 big. */
  readonly endianness: number;
}

interface BundleEntry {
  readonly dtype: number;
  readonly shape: { readonly dimensions: readonly { readonly size: number }[] } | null;
  readonly shard: number;
  readonly offset: number;
  readonly size: number;
  readonly crc32c: number;
  readonly slices: readonly Uint8Array[];
}

/** DT_FLOAT of TensorFlow's types.proto. */
const float32Type = 1;
/** An index takes about 100 bytes per tensor. */
const indexLimitBytes = 1 << 26;
const chunkBytes = 1 << 24;

/**
 * An open TensorFlow checkpoint (its V2 format, a "tensor bundle"): `.index` and `.data-…` files of one
 * prefix.
 */
export class TensorBundle {
  private constructor(
    private readonly prefix: string,
    private readonly entries: ReadonlyMap<string, BundleEntry>,
    private readonly shards: readonly FileHandle[],
  ) {}

  /**
   * Opens the checkpoint and checks its index.
   * @param prefix path without `.index`.
   * @throws TitlesmithError when a file is missing, cut short or damaged.
   */
  static async open(prefix: string): Promise<TensorBundle> {
    const path = `${prefix}.index`;
    const { header, entries } = parseIndex(await readIndex(path), path);
    const shards: FileHandle[] = [];
    try {
      for (let shard = 0; shard < header.shards; shard++) {
        shards.push(await openShard(dataPath(prefix, shard, header.shards)));
      }
    } catch (error) {
      for (const handle of shards) await handle.close();
      throw error;
    }
    return new TensorBundle(prefix, entries, shards);
  }

  names(): string[] {
    return [...this.entries.keys()];
  }

  private dataPath(shard: number): string {
    return dataPath(this.prefix, shard, this.shards.length);
  }

  /** @throws TitlesmithError naming the tensor when it is missing, of another shape, or not float32. */
  check(name: string, shape: Shape): void {
    this.entry(name, shape);
  }

  private entry(name: string, shape: Shape): BundleEntry {
    const path = `${this.prefix}.index`;
    const entry = this.entries.get(name);
    if (!entry) throw damagedCheckpoint(path, `tensor ${name} is missing`);
    const stored = entry.shape?.dimensions.map(({ size }) => size) ?? [];
    if (formatShape(stored) !== formatShape(shape)) {
      const shapes = `has shape ${formatShape(stored)}, hparams.json asks for ${formatShape(shape)}`;
      throw damagedCheckpoint(path, `tensor ${name} ${shapes}`);
    }
    if (entry.dtype !== float32Type) throw damagedCheckpoint(path, `tensor ${name} is not float32`);
    const fits = entry.slices.length === 0 && entry.size === 4 * elementCount(shape);
    if (!fits || entry.offset < 0 || !this.shards[entry.shard]) {
      throw damagedCheckpoint(path, `the entry of tensor ${name} is malformed`);
    }
    return entry;
  }

  /**
   * Reads one tensor and checks its CRC.
   * @param into float32; if it is shorter than the tensor, it receives the first values.
   * @throws TitlesmithError naming the tensor when it is missing, of another shape or type, or damaged.
   */
  async read(name: string, shape: Shape, into: Float32Array): Promise<void> {
    const entry = this.entry(name, shape);
    const handle = this.shards[entry.shard]!;
    const target = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    const rest = new Uint8Array(Math.min(chunkBytes, entry.size - target.length));
    let crc = 0;
    for (let done = 0; done < entry.size; ) {
      const inside = done < target.length;
      const chunk = inside ? target.subarray(done, done + chunkBytes) : rest.subarray(0, entry.size - done);
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, entry.offset + done);
      if (bytesRead === 0) throw damagedCheckpoint(this.dataPath(entry.shard), `tensor ${name} ends early`);
      crc = crc32c(chunk.subarray(0, bytesRead), crc);
      done += bytesRead;
    }
    if (maskCrc(crc) !== entry.crc32c) {
      throw damagedCheckpoint(this.dataPath(entry.shard), `the CRC of tensor ${name} is wrong`);
    }
  }

  async close(): Promise<void> {
    for (const handle of this.shards) await handle.close();
  }
}

/** Path of one of a checkpoint's data files. @param shards number of shards in the index. */
function dataPath(prefix: string, shard: number, shards: number): string {
  const digits = (value: number): string => String(value).padStart(5, '0');
  return `${prefix}.data-${digits(shard)}-of-${digits(shards)}`;
}

async function readIndex(path: string): Promise<Buffer> {
  try {
    if ((await stat(path)).size > indexLimitBytes)
      throw damagedCheckpoint(path, 'it is too large for an index');
    return await readFile(path);
  } catch (error) {
    throw fileError('read', path, error);
  }
}

async function openShard(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw fileError('read', path, error);
  }
}

function parseIndex(file: Buffer, path: string): { header: BundleHeader; entries: Map<string, BundleEntry> } {
  const table = readSortedTable(file, path);
  const decoded = (key: string, codec: typeof entryCodec): unknown => {
    try {
      return codec.decode(table.get(key) ?? new Uint8Array(0));
    } catch {
      throw damagedCheckpoint(path, `its entry ${JSON.stringify(key)} is damaged`);
    }
  };
  // the header has the empty key
  const header = decoded('', headerCodec) as BundleHeader;
  if (header.endianness !== 0) throw damagedCheckpoint(path, 'it was written on a big-endian machine');
  if (header.shards < 1 || header.shards > 99_999) throw damagedCheckpoint(path, 'it names no data files');
  table.delete('');
  const entries = [...table.keys()].map((key) => [key, decoded(key, entryCodec) as BundleEntry] as const);
  return { header, entries: new Map(entries) };
}

/** The footer of a table: handles of two blocks, padding, and a magic number. */
const [footerBytes, magicBytes] = [48, 8];
const magic = 0xdb4775248b80fb57n;
/** After each block: one byte that names its compression, and its CRC. */
const trailerBytes = 5;

interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

/** Reads bytes in sequence; every read is checked against the end. */
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

  /** A varint: seven bits per byte, lowest first; as a number, so up to 2^53. */
  varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const [byte = 0] = this.take(1);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw damagedCheckpoint(this.path, 'a number in it is too long');
  }

  handle(): BlockHandle {
    return { offset: this.varint(), size: this.varint() };
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

/** The entries of a block: of each key only the part after the prefix shared with the previous key is stored. */
function* entriesOf(path: string, block: Buffer): Generator<[key: string, value: Uint8Array]> {
  if (block.length < 4) throw damagedCheckpoint(path, 'a block of it ends early');
  const restarts = block.readUInt32LE(block.length - 4);
  const end = block.length - 4 * (restarts + 1);
  if (end < 0) throw damagedCheckpoint(path, 'a block of it ends early');
  const reader = new Reader(path, block.subarray(0, end));
  let key = Buffer.alloc(0);
  while (!reader.isAtEnd) {
    const shared = reader.varint();
    const own = reader.varint();
    const valueLength = reader.varint();
    if (shared > key.length) throw damagedCheckpoint(path, 'a key in it shares more than there is');
    key = Buffer.concat([key.subarray(0, shared), reader.take(own)]);
    yield [key.toString('utf8'), reader.take(valueLength)];
  }
}

/**
 * Reads a sorted string table, the form of TensorFlow's `.index` files (LevelDB's table_format.md), and
 * checks the CRC of every block.
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

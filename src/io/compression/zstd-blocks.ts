import { type FileHandle, open } from 'node:fs/promises';
import { fileError, TitlesmithError } from '../../common/errors.js';
import { detectCompression } from './compression-kind.js';
import { ZstdFailure } from './fzstd-stream.js';
import { decompressZstdFrame, type ZstdDecoder, zstdFrameDecoder } from './zstd.js';

/*
 * `.zst_blocks`, the format of Arctic Shift's dumps until 2024 (github.com/ArthurHeitmann/zst_blocks_format): blocks of rows,
 * each by itself. All numbers are 32 bits, unsigned, little-endian.
 *
 *   block:        length of the frame, then one frame of zstd
 *   in the frame: number of rows; for each its offset behind this table, and its length; the rows
 */

/** Bytes of a number, and of a row's entry in the table. */
const [numberBytes, entryBytes] = [4, 8];
/** Longest block in memory, 1 GiB; Arctic Shift's hold some MB. */
const maxBlockBytes = 2 ** 30;

/** Rows of one block, where they lie. */
interface RowBlock {
  readonly bytes: Buffer;
  /** For each row where it begins, and where it ends (excluded). */
  readonly rows: readonly (readonly [start: number, end: number])[];
}

/** What is wrong with a block. */
class BlockFault extends Error {}

function damaged(path: string, why: string): TitlesmithError {
  return new TitlesmithError(`Cannot read ${path}: ${why}.`, {
    code: 'file-damaged',
    hint: 'Download or copy it anew.',
  });
}

/**
 * Whether a file is of blocks: by its content, whatever it is called; not one that is zstd or gzip throughout.
 * @throws TitlesmithError where its name alone says that it is, or it cannot be read.
 */
export async function holdsZstdBlocks(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
      if (bytesRead === 0 || detectCompression(buffer) !== 'none') return false;
      if (bytesRead === 8 && detectCompression(buffer.subarray(numberBytes)) === 'zstd') return true;
      if (!/\.zst_blocks$/i.test(path)) return false;
      throw damaged(path, bytesRead < 8 ? 'it is cut short' : 'it is not a zst_blocks file');
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError('read', path, error);
  }
}

function rowsOf(bytes: Buffer): RowBlock {
  const count = bytes.length < numberBytes ? Number.POSITIVE_INFINITY : bytes.readUInt32LE(0);
  const first = numberBytes + count * entryBytes;
  if (first > bytes.length) throw new BlockFault('its table of rows is longer than it is');
  const rows: [number, number][] = [];
  for (let at = numberBytes; at < first; at += entryBytes) {
    const start = first + bytes.readUInt32LE(at);
    const end = start + bytes.readUInt32LE(at + numberBytes);
    if (end > bytes.length) throw new BlockFault(`row ${rows.length + 1} lies outside of it`);
    rows.push([start, end]);
  }
  return { bytes, rows };
}

/** Reads one block after the other. */
class BlockReader {
  private position = 0;
  private blocks = 0;

  constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    private readonly decoder: ZstdDecoder,
  ) {}

  /** The next block; undefined at the end of the file. @throws TitlesmithError */
  async next(): Promise<RowBlock | undefined> {
    const at = this.position;
    const header = await this.read(numberBytes);
    if (header.length === 0) return undefined;
    this.blocks += 1;
    if (header.length < numberBytes) throw damaged(this.path, `it is cut short in block ${this.blocks}`);
    const { size } = await this.file.stat();
    const length = header.readUInt32LE(0);
    // Looked at before so many bytes are asked for.
    const frame = length > size - this.position ? undefined : await this.read(length);
    if (frame === undefined || frame.length < length) {
      throw damaged(this.path, `it is cut short in block ${this.blocks}`);
    }
    try {
      const content = await decompressZstdFrame(frame, maxBlockBytes, this.decoder);
      return rowsOf(Buffer.from(content.buffer, content.byteOffset, content.byteLength));
    } catch (error) {
      if (!(error instanceof ZstdFailure || error instanceof BlockFault)) throw error;
      throw damaged(this.path, `block ${this.blocks}, at byte ${at}, is damaged (${error.message})`);
    }
  }

  private async read(length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.file.read(Buffer.alloc(length), 0, length, this.position);
    this.position += bytesRead;
    return buffer.subarray(0, bytesRead);
  }
}

/**
 * The rows of a file of blocks; while one block is looked at, the next is decompressed.
 * @param decoder who decompresses; the best this machine has where left out.
 * @throws TitlesmithError when it cannot be read, is damaged or cut short, with the number of the block.
 */
export async function* readZstdBlocks(
  path: string,
  decoder: ZstdDecoder = zstdFrameDecoder(),
): AsyncGenerator<RowBlock> {
  let coming: Promise<RowBlock | undefined> | undefined;
  try {
    const file = await open(path);
    try {
      const reader = new BlockReader(path, file, decoder);
      for (let block = await reader.next(); block; block = await coming) {
        coming = reader.next();
        // Awaited above, whatever becomes of the block meanwhile.
        coming.catch(() => {});
        yield block;
      }
    } finally {
      await coming?.catch(() => {});
      await file.close();
    }
  } catch (error) {
    throw fileError('read', path, error);
  }
}

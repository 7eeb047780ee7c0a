import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { discard } from './discard.js';
import { hasLibzstd, LibzstdError, unpackByLibzstd } from './libzstd.js';
import { forEachPiece, type PieceListener } from './pieces.js';

/** 2 GiB: the window of `zstd --long=31`, with which Pushshift's dumps were written. */
const longestWindowLog = 31;
/** Bytes unpacked at a time by Node. */
const pieceBytes = 2 ** 20;
/** Most characters kept of what the program says. */
const mostSaid = 1000;

/** What of node:zlib is there from Node 22.15 on. */
interface NodeZstd {
  readonly constants: { readonly ZSTD_d_windowLogMax: number };
  createZstdDecompress(options: {
    readonly chunkSize: number;
    readonly params: Readonly<Record<number, number>>;
  }): Transform & { readonly bytesWritten: number };
}

/**
 * Who unpacks zstd, best first: the system's libzstd, on a thread of its own into memory that is read in place; the
 * program `zstd`, which must pass all bytes through a pipe; Node (from 22.15 on); a library in JavaScript, which is many
 * times slower and refuses a window of 2 GiB.
 */
export const zstdUnpackers = ['libzstd', 'program', 'node', 'library'] as const;
export type ZstdUnpacker = (typeof zstdUnpackers)[number];

/** Packed data that cannot be unpacked: `message` is what the unpacker says. */
export class ZstdFailure extends Error {}

function isNodeZstd(library: object): library is NodeZstd {
  return 'createZstdDecompress' in library;
}

function toFailure(error: unknown): ZstdFailure {
  if (error instanceof RangeError) return new ZstdFailure('its window is too long for the library in use');
  return new ZstdFailure(error instanceof Error ? error.message : String(error));
}

async function hasProgram(): Promise<boolean> {
  const child = spawn('zstd', ['--version'], { stdio: 'ignore' });
  try {
    const [code] = await once(child, 'close');
    return code === 0;
  } catch {
    return false;
  }
}

/** Which unpackers this machine has, best first. The library is always there. */
export async function availableUnpackers(): Promise<readonly ZstdUnpacker[]> {
  const has: Readonly<Record<ZstdUnpacker, boolean>> = {
    libzstd: hasLibzstd(),
    program: await hasProgram(),
    node: isNodeZstd(zlib),
    library: true,
  };
  return zstdUnpackers.filter((one) => has[one]);
}

/** The file goes in as standard input, so that no name is ever taken for a flag. */
async function byProgram(path: string, onPiece: PieceListener): Promise<void> {
  const file = await open(path);
  const child = spawn('zstd', ['-dcq', `--long=${longestWindowLog}`], {
    stdio: [file.fd, 'pipe', 'pipe'],
    // A process group of its own: Ctrl-C is for us, who end it in good order.
    detached: process.platform !== 'win32',
  });
  const closed = once(child, 'close');
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said = `${said}${text}`.slice(0, mostSaid);
  });
  try {
    const isWhole = await forEachPiece(child.stdout as AsyncIterable<Uint8Array>, (piece) => {
      const goesOn = onPiece(piece);
      discard(piece);
      return goesOn;
    });
    if (!isWhole) return;
    // Data that ends early must not look like a file that ends.
    const [code, signal] = await closed;
    if (code !== 0)
      throw new ZstdFailure(said.split('\n')[0]?.replace(/^.*?: /, '') || `it ended by ${code ?? signal}`);
  } finally {
    child.kill();
    await file.close();
  }
}

/** One frame, from a byte of the file on. @returns the bytes of the file that it takes; undefined: it was enough. */
async function frameByNode(
  path: string,
  start: number,
  library: NodeZstd,
  onPiece: PieceListener,
): Promise<number | undefined> {
  const params = { [library.constants.ZSTD_d_windowLogMax]: longestWindowLog };
  const unpacker = library.createZstdDecompress({ chunkSize: pieceBytes, params });
  const packed = createReadStream(path, { start, highWaterMark: pieceBytes });
  packed.on('error', (error) => unpacker.destroy(error));
  // What comes after the end of the frame is the next one's, but may still be complained about here.
  unpacker.on('error', () => packed.destroy());
  try {
    const explain = (error: unknown): unknown => packed.errored ?? toFailure(error);
    const isWhole = await forEachPiece(packed.pipe(unpacker), onPiece, explain);
    return isWhole ? unpacker.bytesWritten : undefined;
  } finally {
    packed.destroy();
    unpacker.destroy();
  }
}

/** Node stops at the end of a frame without a word; a file may be several. */
async function byNode(path: string, library: NodeZstd, onPiece: PieceListener): Promise<void> {
  const { size } = await stat(path);
  let start = 0;
  while (start < size) {
    const taken = await frameByNode(path, start, library, onPiece);
    if (taken === undefined) return;
    if (taken === 0) throw new ZstdFailure(`no frame at byte ${start}`);
    start += taken;
  }
}

async function byLibzstd(path: string, onPiece: PieceListener): Promise<void> {
  try {
    await unpackByLibzstd(path, longestWindowLog, onPiece);
  } catch (error) {
    throw error instanceof LibzstdError ? new ZstdFailure(error.message) : error;
  }
}

async function byLibrary(path: string, onPiece: PieceListener): Promise<void> {
  let unpacked: Uint8Array[] = [];
  const unpacker = new Decompress((piece) => unpacked.push(piece));
  const push = (packed: Uint8Array, last: boolean): boolean => {
    unpacked = [];
    try {
      unpacker.push(packed, last);
    } catch (error) {
      throw toFailure(error);
    }
    return unpacked.every(onPiece);
  };
  const isWhole = await forEachPiece(createReadStream(path), (packed) => push(packed, false));
  if (isWhole) push(new Uint8Array(0), true);
}

/**
 * Unpacks a zstd file, whatever its window, piece by piece.
 * @throws ZstdFailure when the data is damaged, cut short, or beyond what `unpacker` takes.
 */
export async function unpackZstd(
  path: string,
  unpacker: ZstdUnpacker,
  onPiece: PieceListener,
): Promise<void> {
  if (unpacker === 'libzstd') await byLibzstd(path, onPiece);
  else if (unpacker === 'node' && isNodeZstd(zlib)) await byNode(path, zlib, onPiece);
  else if (unpacker === 'library') await byLibrary(path, onPiece);
  else await byProgram(path, onPiece);
}

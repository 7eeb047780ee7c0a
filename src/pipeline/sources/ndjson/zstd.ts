import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';

/** 2 GiB: the window of `zstd --long=31`, with which Pushshift's dumps were written. */
const longestWindowLog = 31;
/** Bytes unpacked at a time. */
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
 * Who unpacks zstd: Node itself (from 22.15 on), the program `zstd`, or a library in JavaScript, which is some
 * ten times slower and refuses a window of 2 GiB.
 */
export const zstdUnpackers = ['node', 'program', 'library'] as const;
export type ZstdUnpacker = (typeof zstdUnpackers)[number];

const windowTooLong = 'its window is too long for the library that unpacks it here';

/** Packed data that cannot be unpacked: `message` is what the unpacker says. */
export class ZstdFailure extends Error {}

function isNodeZstd(library: object): library is NodeZstd {
  return 'createZstdDecompress' in library;
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

/** Which unpackers this machine has, best first. */
export async function availableUnpackers(): Promise<readonly ZstdUnpacker[]> {
  const [node, program] = [isNodeZstd(zlib), await hasProgram()];
  return zstdUnpackers.filter((one) => one === 'library' || (one === 'node' ? node : program));
}

/** The file goes in as standard input, so that no name is ever taken for a flag. */
async function* byProgram(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  const child = spawn('zstd', ['-dcq', `--long=${longestWindowLog}`], { stdio: [file.fd, 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said = `${said}${text}`.slice(0, mostSaid);
  });
  try {
    if (child.stdout) yield* child.stdout as AsyncIterable<Uint8Array>;
    // Data that ends early must not look like a file that ends.
    const [code] = await closed;
    if (code !== 0) throw new ZstdFailure(said.split('\n')[0]?.replace(/^.*?: /, '') || `exit code ${code}`);
  } finally {
    child.kill();
    await file.close();
  }
}

/** One frame from a byte of the file on. @returns the bytes of the file that it takes. */
async function* frameByNode(
  path: string,
  start: number,
  library: NodeZstd,
): AsyncGenerator<Uint8Array, number> {
  const params = { [library.constants.ZSTD_d_windowLogMax]: longestWindowLog };
  const unpacker = library.createZstdDecompress({ chunkSize: pieceBytes, params });
  const packed = createReadStream(path, { start, highWaterMark: pieceBytes });
  packed.on('error', (error) => unpacker.destroy(error));
  // What comes after the end of the frame is the next one's, but may still be complained about here.
  unpacker.on('error', () => packed.destroy());
  try {
    yield* packed.pipe(unpacker);
  } catch (error) {
    if (packed.errored) throw packed.errored;
    throw new ZstdFailure(error instanceof Error ? error.message : String(error));
  } finally {
    packed.destroy();
    unpacker.destroy();
  }
  return unpacker.bytesWritten;
}

/** Node stops at the end of a frame; a file may be several. */
async function* byNode(path: string, library: NodeZstd): AsyncGenerator<Uint8Array> {
  const { size } = await stat(path);
  let start = 0;
  while (start < size) {
    const taken = yield* frameByNode(path, start, library);
    if (taken === 0) throw new ZstdFailure(`no frame at byte ${start}`);
    start += taken;
  }
}

async function* byLibrary(path: string): AsyncGenerator<Uint8Array> {
  let unpacked: Uint8Array[] = [];
  const unpacker = new Decompress((piece) => unpacked.push(piece));
  const push = (piece: Uint8Array, last: boolean): Uint8Array[] => {
    unpacked = [];
    try {
      unpacker.push(piece, last);
    } catch (error) {
      const tooLong = error instanceof RangeError;
      throw new ZstdFailure(tooLong ? windowTooLong : error instanceof Error ? error.message : String(error));
    }
    return unpacked;
  };
  for await (const piece of createReadStream(path)) yield* push(piece as Uint8Array, false);
  yield* push(new Uint8Array(0), true);
}

/**
 * The bytes of a zstd file, piece by piece, whatever its window.
 * @throws ZstdFailure when the data is damaged, cut short, or beyond what `unpacker` takes.
 */
export function unpackZstd(path: string, unpacker: ZstdUnpacker): AsyncGenerator<Uint8Array> {
  if (unpacker === 'node' && isNodeZstd(zlib)) return byNode(path, zlib);
  return unpacker === 'library' ? byLibrary(path) : byProgram(path);
}

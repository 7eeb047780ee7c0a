import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import { MessageChannel } from 'node:worker_threads';
import * as zlib from 'node:zlib';
import { fzstdChunks, fzstdFrame, toFailure, ZstdFailure } from './fzstd-stream.js';
import { decodeByLibzstd, decompressFrameByLibzstd, hasLibzstd, LibzstdError } from './libzstd.js';
import { frameEnd } from './zstd-frame.js';

/** 2 GiB: the window of `zstd --long=31`, with which Pushshift's dumps were written. */
const maxWindowLog = 31;
/** Bytes decompressed at a time by Node. */
const chunkBytes = 2 ** 20;
/** What is said of a frame that ends too early: as Node from version 24 on does. */
const cutFrame = 'unexpected end of file';
/** Most characters kept of what the program says. */
const maxSaid = 1000;

/** What of node:zlib is there from Node 22.15 on. */
interface NodeZstd {
  readonly constants: { readonly ZSTD_d_windowLogMax: number };
  zstdDecompress(
    frame: Uint8Array,
    options: { readonly maxOutputLength: number },
    done: (error: Error | null, bytes: Uint8Array) => void,
  ): void;
  createZstdCompress(): Transform;
  createZstdDecompress(options?: {
    readonly chunkSize: number;
    readonly params: Readonly<Record<number, number>>;
  }): Transform & { readonly bytesWritten: number };
}

/**
 * Who decompresses zstd, best first: the system's libzstd, on a thread of its own into memory that is read in place; the
 * program `zstd`, which must pass all bytes through a pipe; Node (from 22.15 on); fzstd, a library in JavaScript, which
 * is many times slower and refuses a window of 2 GiB.
 */
const zstdDecoders = ['libzstd', 'program', 'node', 'fzstd'] as const;
export type ZstdDecoder = (typeof zstdDecoders)[number];

/** Node's zstd; undefined before Node 22.15. */
export function nodeZstd(): NodeZstd | undefined {
  return 'createZstdDecompress' in zlib ? (zlib as unknown as NodeZstd) : undefined;
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

/** Which decoders this machine has, best first. fzstd is always there. */
export async function availableZstdDecoders(): Promise<readonly ZstdDecoder[]> {
  const has: Readonly<Record<ZstdDecoder, boolean>> = {
    libzstd: hasLibzstd(),
    program: await hasProgram(),
    node: nodeZstd() !== undefined,
    fzstd: true,
  };
  return zstdDecoders.filter((one) => has[one]);
}

const { port1: nowhere, port2: otherEnd } = new MessageChannel();
otherEnd.close();

/**
 * Frees the memory of bytes at once, which must not be used again and must own their whole ArrayBuffer. Left to the
 * garbage collector, the chunks of a stream make it run all the time, as V8 counts them as memory held outside: it
 * takes longer than the work on them. What is transferred to a closed port is gone.
 */
function discard({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) nowhere.postMessage(undefined, [buffer]);
}

/** The file goes in as standard input, so that no name is ever taken for a flag. */
async function* decodeByProgram(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  const child = spawn('zstd', ['-dcq', `--long=${maxWindowLog}`], {
    stdio: [file.fd, 'pipe', 'pipe'],
    // A process group of its own: Ctrl-C is for us, who end it in good order.
    detached: process.platform !== 'win32',
  });
  const closed = once(child, 'close');
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said = `${said}${text}`.slice(0, maxSaid);
  });
  try {
    for await (const chunk of child.stdout as AsyncIterable<Uint8Array>) {
      yield chunk;
      discard(chunk);
    }
    // Data that ends early must not look like a file that ends.
    const [code, signal] = await closed;
    if (code !== 0)
      throw new ZstdFailure(said.split('\n')[0]?.replace(/^.*?: /, '') || `it ended by ${code ?? signal}`);
  } finally {
    child.kill();
    await file.close();
  }
}

/** One frame, from a byte of the file on. @returns the bytes of the file that it takes. */
async function* decodeFrameByNode(
  path: string,
  start: number,
  library: NodeZstd,
): AsyncGenerator<Uint8Array, number> {
  const params = { [library.constants.ZSTD_d_windowLogMax]: maxWindowLog };
  const decoder = library.createZstdDecompress({ chunkSize: chunkBytes, params });
  const compressed = createReadStream(path, { start, highWaterMark: chunkBytes });
  compressed.on('error', (error) => decoder.destroy(error));
  // What comes after the end of the frame is the next one's, but may still be complained about here.
  decoder.on('error', () => compressed.destroy());
  try {
    yield* compressed.pipe(decoder) as AsyncIterable<Uint8Array>;
    return decoder.bytesWritten;
  } catch (error) {
    throw compressed.errored ?? toFailure(error);
  } finally {
    compressed.destroy();
    decoder.destroy();
  }
}

/** @throws ZstdFailure where the last frame of a file is cut short, of which Node 22 says nothing. */
async function checkEnd(path: string, start: number, size: number): Promise<void> {
  const file = await open(path);
  try {
    const read = async (position: number, length: number): Promise<Uint8Array> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    if (((await frameEnd(read, start)) ?? Number.POSITIVE_INFINITY) > size) throw new ZstdFailure(cutFrame);
  } finally {
    await file.close();
  }
}

/** Node stops at the end of a frame without a word; a file may be several. */
async function* decodeByNode(path: string, library: NodeZstd): AsyncGenerator<Uint8Array> {
  const { size } = await stat(path);
  let start = 0;
  while (start < size) {
    const taken = yield* decodeFrameByNode(path, start, library);
    if (taken === 0) throw new ZstdFailure(`no frame at byte ${start}`);
    if (start + taken >= size) await checkEnd(path, start, size);
    start += taken;
  }
}

async function* decodeBySystem(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* decodeByLibzstd(path, maxWindowLog);
  } catch (error) {
    throw error instanceof LibzstdError ? new ZstdFailure(error.message) : error;
  }
}

/**
 * The bytes of a zstd file in chunks, whatever its window. A chunk is valid until the next is asked for.
 * @throws ZstdFailure when the data is damaged, cut short, or beyond what `decoder` takes.
 */
export function decodeZstdFile(path: string, decoder: ZstdDecoder): AsyncGenerator<Uint8Array> {
  if (decoder === 'libzstd') return decodeBySystem(path);
  if (decoder === 'fzstd') return fzstdChunks(createReadStream(path) as AsyncIterable<Uint8Array>);
  const node = nodeZstd();
  if (decoder === 'node' && node) return decodeByNode(path, node);
  return decodeByProgram(path);
}

async function decompressFrame(
  frame: Uint8Array,
  maxLength: number,
  decoder: ZstdDecoder,
): Promise<Uint8Array> {
  const node = nodeZstd();
  if (decoder === 'libzstd') {
    const bytes = await decompressFrameByLibzstd(frame, maxLength);
    if (bytes) return bytes;
  } else if (decoder === 'node' && node) {
    const end = await frameEnd((position, length) => frame.subarray(position, position + length), 0);
    if (end === undefined || end > frame.length) throw new ZstdFailure(cutFrame);
    return new Promise((resolve, reject) => {
      node.zstdDecompress(frame, { maxOutputLength: maxLength }, (error, bytes) => {
        if (error) reject(error);
        else resolve(bytes);
      });
    });
  }
  return fzstdFrame(frame);
}

/**
 * A whole frame of zstd in memory, decompressed; the program `zstd` does not do this, as it would be started for each.
 * @param maxLength most bytes it may hold.
 * @throws ZstdFailure when it is damaged, cut short, or longer than that.
 */
export async function decompressZstdFrame(
  frame: Uint8Array,
  maxLength: number,
  decoder: ZstdDecoder,
): Promise<Uint8Array> {
  try {
    return await decompressFrame(frame, maxLength, decoder);
  } catch (error) {
    throw toFailure(error);
  }
}

/** Who decompresses frames in memory here. */
export function zstdFrameDecoder(): ZstdDecoder {
  if (hasLibzstd()) return 'libzstd';
  return nodeZstd() ? 'node' : 'fzstd';
}

import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { fileError, systemErrorCode, TitlesmithError } from '../../common/errors.js';
import { type Compression, detectCompression } from './compressed-stream.js';
import { availableZstdDecoders, decodeZstdFile, type ZstdDecoder, ZstdFailure } from './zstd.js';

/** Bytes read of a file, and decompressed by gzip, at a time. */
const chunkBytes = 2 ** 18;

function damaged(path: string, why: string, hint: string): TitlesmithError {
  return new TitlesmithError(`Cannot read ${path}: ${why}.`, { code: 'file-damaged', hint });
}

/**
 * How a file is compressed, by its first bytes; a pipe, whose bytes come only once, counts as not compressed.
 * @throws TitlesmithError where its name says what it is not.
 */
async function compressionOf(path: string): Promise<Compression> {
  if ((await stat(path)).isFIFO()) return 'none';
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    const compression = detectCompression(buffer);
    const [, ending] = /\.(gz|zst)$/i.exec(path) ?? [];
    if (compression !== 'none' || ending === undefined || bytesRead === 0) return compression;
    const kind = ending.toLowerCase() === 'gz' ? 'gzip' : 'zstd';
    throw damaged(path, `it is not a ${kind} file`, 'Is it of the format its name says?');
  } finally {
    await file.close();
  }
}

function gzipFailure(path: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (code === 'Z_BUF_ERROR') return damaged(path, 'it is cut short', 'Download or copy it anew.');
  if (code?.startsWith('Z_')) return damaged(path, 'its gzip data is damaged', 'Download or copy it anew.');
  return error;
}

async function* decodeGzipFile(path: string): AsyncGenerator<Uint8Array> {
  const compressed = createReadStream(path, { highWaterMark: chunkBytes });
  const decoder = createGunzip({ chunkSize: chunkBytes });
  compressed.on('error', (error) => decoder.destroy(error));
  try {
    yield* compressed.pipe(decoder) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw gzipFailure(path, error);
  } finally {
    compressed.destroy();
    decoder.destroy();
  }
}

function zstdFailure(path: string, { message }: ZstdFailure, decoder: ZstdDecoder): TitlesmithError {
  const cut = /premature end|unexpected (EOF|end of file)/i.test(message);
  if (cut) return damaged(path, 'it is cut short', 'Download or copy it anew.');
  const hint =
    decoder === 'fzstd'
      ? 'If it was written with a long window, install the program zstd, or Node 22.15 or later.'
      : 'Check it with: zstd --long=31 -t FILE.';
  return damaged(path, `its zstd data cannot be decompressed (${message})`, hint);
}

async function* decodeAnyZstdFile(path: string, wanted?: ZstdDecoder): AsyncGenerator<Uint8Array> {
  const decoder = wanted ?? (await availableZstdDecoders())[0] ?? 'fzstd';
  try {
    yield* decodeZstdFile(path, decoder);
  } catch (error) {
    throw error instanceof ZstdFailure ? zstdFailure(path, error, decoder) : error;
  }
}

/**
 * The bytes of a file in chunks, decompressed where it is gzip or zstd, by its first bytes and whatever it is called. A
 * chunk is valid until the next is asked for.
 * @param zstdDecoder who decompresses zstd; the best this machine has where left out.
 * @throws TitlesmithError when it cannot be read, is damaged, cut short, or not what its name says.
 */
export async function* readDecompressed(path: string, zstdDecoder?: ZstdDecoder): AsyncGenerator<Uint8Array> {
  try {
    const compression = await compressionOf(path);
    if (compression === 'zstd') yield* decodeAnyZstdFile(path, zstdDecoder);
    else if (compression === 'gzip') yield* decodeGzipFile(path);
    else yield* createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw fileError('read', path, error);
  }
}

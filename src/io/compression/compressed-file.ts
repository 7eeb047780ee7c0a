import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { fileError, systemErrorCode, type TitlesmithError } from '../../common/errors.js';
import { shownName } from '../shown-name.js';
import {
  type Compression,
  checkEnding,
  damagedGzip,
  damagedZstd,
  detectCompression,
} from './compression-kind.js';
import { ZstdFailure } from './fzstd-stream.js';
import { availableZstdDecoders, decodeZstdFile, type ZstdDecoder } from './zstd.js';

/** Bytes read of a file, and decompressed by gzip, at a time. */
const chunkBytes = 2 ** 18;

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
    if (bytesRead > 0) checkEnding(path, compression);
    return compression;
  } finally {
    await file.close();
  }
}

function gzipFailure(path: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  return code === 'Z_BUF_ERROR' || code?.startsWith('Z_') ? damagedGzip(path, code === 'Z_BUF_ERROR') : error;
}

async function* decodeGzipFile(path: string): AsyncGenerator<Uint8Array> {
  const compressed = createReadStream(path, { highWaterMark: chunkBytes });
  const decoder = createGunzip({ chunkSize: chunkBytes });
  compressed.on('error', (error) => decoder.destroy(error));
  try {
    yield* compressed.pipe(decoder) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw gzipFailure(shownName(path), error);
  } finally {
    compressed.destroy();
    decoder.destroy();
  }
}

function zstdFailure(path: string, { message }: ZstdFailure, decoder: ZstdDecoder): TitlesmithError {
  const hint =
    decoder === 'fzstd'
      ? 'If it was written with a long window, install the program zstd, or Node 22.15 or later.'
      : 'Check it with: zstd --long=31 -t FILE.';
  return damagedZstd(path, message, hint);
}

async function* decodeAnyZstdFile(path: string, wanted?: ZstdDecoder): AsyncGenerator<Uint8Array> {
  const decoder = wanted ?? (await availableZstdDecoders())[0] ?? 'fzstd';
  try {
    yield* decodeZstdFile(path, decoder);
  } catch (error) {
    throw error instanceof ZstdFailure ? zstdFailure(shownName(path), error, decoder) : error;
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
    throw fileError('read', shownName(path), error);
  }
}

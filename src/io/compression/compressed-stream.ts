import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { TitlesmithError } from '../../common/errors.js';
import { type Compression, detectCompression } from './compression-kind.js';
import { nodeZstd } from './zstd.js';

/** Weights are nearly noise: more effort saves next to nothing. */
const gzipLevel = 1;

const noZstd = (error: unknown): TitlesmithError =>
  new TitlesmithError(
    'Nothing here compresses or decompresses zstd: neither Node (before 22.15) nor a program zstd.',
    {
      code: 'zstd-missing',
      hint: 'Install zstd, or use .tar.gz.',
      cause: error,
    },
  );

/** Bytes through the program `zstd`. @throws TitlesmithError where it is missing; Error when it fails. */
async function* throughProgram(
  chunks: AsyncIterable<Uint8Array>,
  flags: readonly string[],
): AsyncGenerator<Uint8Array> {
  const child = spawn('zstd', ['-q', '-c', ...flags], { stdio: ['pipe', 'pipe', 'pipe'] });
  let fault: unknown;
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said = `${said}${text}`.slice(0, 500);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      fault = noZstd(error);
      resolve(null);
    });
    child.on('close', resolve);
  });
  const source = Readable.from(chunks);
  source.on('error', (error) => {
    fault = error;
    child.kill();
  });
  child.stdin.on('error', () => {});
  source.pipe(child.stdin);
  try {
    for await (const chunk of child.stdout) yield chunk as Uint8Array;
    const code = await ended;
    if (fault) throw fault;
    if (code !== 0) throw new Error(said.trim().replace(/^.*?: /, '') || `zstd ended with ${code}`);
  } finally {
    source.destroy();
    child.kill();
  }
}

async function* throughTransform(
  chunks: AsyncIterable<Uint8Array>,
  transform: NodeJS.ReadWriteStream,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks);
  const through = transform as zlib.Gzip;
  source.on('error', (error) => through.destroy(error));
  source.pipe(through);
  try {
    for await (const chunk of through) yield chunk as Uint8Array;
  } finally {
    source.destroy();
    through.destroy();
  }
}

/** Compresses a stream of bytes. @throws TitlesmithError where zstd is asked for and this machine has none. */
export function compress(
  chunks: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncIterable<Uint8Array> {
  if (compression === 'gzip') return throughTransform(chunks, zlib.createGzip({ level: gzipLevel }));
  if (compression === 'none') return chunks;
  const node = nodeZstd();
  return node ? throughTransform(chunks, node.createZstdCompress()) : throughProgram(chunks, ['-3']);
}

/**
 * Decompresses a stream of bytes, whatever it is compressed with.
 * @throws as {@link compress}, and an Error for damaged data.
 */
export async function* decompress(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const all: AsyncIterable<Uint8Array> = (async function* () {
    try {
      yield first.value;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
  const compression = detectCompression(first.value);
  const node = nodeZstd();
  if (compression === 'gzip') yield* throughTransform(all, zlib.createGunzip());
  else if (compression === 'none') yield* all;
  else if (node) yield* throughTransform(all, node.createZstdDecompress());
  else yield* throughProgram(all, ['-d']);
}

import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { TitlesmithError, usageError } from '../common/errors.js';

type Compression = 'none' | 'gzip' | 'zstd';

/** Weights are nearly noise: more effort saves next to nothing. */
const gzipLevel = 1;

interface NodeZstd {
  createZstdCompress(): NodeJS.ReadWriteStream;
  createZstdDecompress(): NodeJS.ReadWriteStream;
}

function nodeZstd(): NodeZstd | undefined {
  return 'createZstdCompress' in zlib ? (zlib as unknown as NodeZstd) : undefined;
}

/** How an archive of that name is compressed. @throws TitlesmithError `usage` for another ending. */
export function compressionOf(name: string): Compression {
  if (/\.(tar\.gz|tgz)$/i.test(name)) return 'gzip';
  if (/\.(tar\.zst|tzst)$/i.test(name)) return 'zstd';
  if (/\.tar$/i.test(name)) return 'none';
  throw usageError(`${name} does not say what it is to be.`, 'End its name with .tar.gz, .tar.zst or .tar.');
}

/** How bytes are compressed, by the first of them (RFC 1952, 2.3.1; RFC 8878, 3.1.1). */
function compressionOfBytes(start: Uint8Array): Compression {
  const begins = (...magic: number[]): boolean => magic.every((byte, index) => start[index] === byte);
  if (begins(0x1f, 0x8b)) return 'gzip';
  return begins(0x28, 0xb5, 0x2f, 0xfd) ? 'zstd' : 'none';
}

const noZstd = (error: unknown): TitlesmithError =>
  new TitlesmithError('Nothing here reads or writes zstd: neither Node (before 22.15) nor a program zstd.', {
    code: 'zstd-missing',
    hint: 'Install zstd, or use .tar.gz.',
    cause: error,
  });

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

async function* throughStream(
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

/** Compresses bytes. @throws TitlesmithError where zstd is asked for and nothing here has it. */
export function compress(
  chunks: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncIterable<Uint8Array> {
  if (compression === 'gzip') return throughStream(chunks, zlib.createGzip({ level: gzipLevel }));
  if (compression === 'none') return chunks;
  const node = nodeZstd();
  return node ? throughStream(chunks, node.createZstdCompress()) : throughProgram(chunks, ['-3']);
}

/** Decompresses bytes, whatever they were compressed with. @throws as {@link compress}, and an Error for damaged data. */
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
  const compression = compressionOfBytes(first.value);
  const node = nodeZstd();
  if (compression === 'gzip') yield* throughStream(all, zlib.createGunzip());
  else if (compression === 'none') yield* all;
  else if (node) yield* throughStream(all, node.createZstdDecompress());
  else yield* throughProgram(all, ['-d']);
}

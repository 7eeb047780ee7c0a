import { TitlesmithError } from '../../common/errors.js';
import { checkEnding, damagedGzip, damagedZstd, detectCompression } from './compression-kind.js';
import { fzstdChunks, ZstdFailure } from './fzstd-stream.js';
import { gunzipChunks } from './gunzip-stream.js';
import { streamChunks } from './web-streams.js';

/** What browsers and Node say where compressed data ends too early. */
const cutShort = /truncat|unexpected end|ended without|incomplete/i;

/** Node, from version 22 on, says it of the cause alone. */
const isCutShort = (error: unknown): boolean =>
  error instanceof Error && (cutShort.test(error.message) || isCutShort(error.cause));

/** Errors of a file that is gone meanwhile are no faults of its content. */
const isOfFile = (error: unknown): boolean =>
  error instanceof Error && ['NotFoundError', 'NotReadableError'].includes(error.name);

async function* gunzipped(name: string, chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* gunzipChunks(chunks);
  } catch (error) {
    if (isOfFile(error) || error instanceof TitlesmithError) throw error;
    throw damagedGzip(name, isCutShort(error));
  }
}

async function* unzstded(name: string, chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* fzstdChunks(chunks);
  } catch (error) {
    if (!(error instanceof ZstdFailure)) throw error;
    throw damagedZstd(name, error.message, 'If it was written with a long window, decompress it first.');
  }
}

/**
 * The bytes of a file, decompressed where it is gzip or zstd, by its first bytes and whatever it is called.
 * @param name of the file, for messages.
 * @throws TitlesmithError when it is damaged, cut short, or not what its name says.
 */
export async function* decompressedStream(
  name: string,
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const source = streamChunks(stream);
  const beginning: Uint8Array[] = [];
  let bytes = new Uint8Array();
  while (bytes.length < 4) {
    const next = await source.next();
    if (next.done) break;
    beginning.push(next.value);
    bytes = Uint8Array.from([...bytes, ...next.value.subarray(0, 4)]);
  }
  const compression = detectCompression(bytes);
  if (bytes.length > 0) checkEnding(name, compression);
  const whole = (async function* (): AsyncGenerator<Uint8Array> {
    yield* beginning;
    yield* source;
  })();
  if (compression === 'gzip') yield* gunzipped(name, whole);
  else if (compression === 'zstd') yield* unzstded(name, whole);
  else yield* whole;
}

import { checkEnding, damagedGzip, damagedZstd, detectCompression } from './compression-kind.js';
import { fzstdChunks, ZstdFailure } from './fzstd-stream.js';

/** The chunks of a stream of the web platform, which not every browser iterates by itself. */
export async function* streamChunks(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    // Where the rest is not wanted, the source is told so; of a stream that failed or ended nothing is left to cancel.
    await reader.cancel().catch(() => {});
  }
}

/** A stream that gives chunks again which were read already, then the rest. */
function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done) controller.close();
      // A copy that owns its buffer, as the decoder may take it over.
      else controller.enqueue(Uint8Array.from(next.value));
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}

/** What browsers and Node say where compressed data ends too early. */
const cutShort = /truncat|unexpected end|ended without|incomplete/i;

/** Errors of a file that is gone meanwhile are no faults of its content. */
const isOfFile = (error: unknown): boolean =>
  error instanceof Error && ['NotFoundError', 'NotReadableError'].includes(error.name);

async function* gunzipped(name: string, chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* streamChunks(streamOf(chunks).pipeThrough(new DecompressionStream('gzip')));
  } catch (error) {
    if (isOfFile(error)) throw error;
    throw damagedGzip(name, error instanceof Error && cutShort.test(error.message));
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

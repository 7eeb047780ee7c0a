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

/** Chunks as a stream of the web platform, which takes them one by one. */
export function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done) controller.close();
      // A copy that owns its buffer, as the decoder may take it over.
      else controller.enqueue(Uint8Array.from(next.value));
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

/** Compresses chunks by gzip, as browsers and Node do alike. @throws what the chunks throw. */
export async function* gzipChunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* streamChunks(streamOf(chunks).pipeThrough(new CompressionStream('gzip')));
}

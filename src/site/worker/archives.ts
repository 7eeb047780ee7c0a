import type { BrowserRuns } from '../../browser/browser-runs.js';
import type { BrowserRun } from '../../browser/run/browser-run.js';
import { readBytesOf } from '../../browser/storage/stored-text.js';
import { about } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { decompressedStream, streamChunks } from '../../io/compression/decompressed-stream.js';
import { archivedPaths } from '../../run/archive/archive-format.js';
import { withoutForeignPaths } from '../../run/archive/foreign-paths.js';
import { packRun } from '../../run/archive/pack-run.js';
import { unpackRun } from '../../run/archive/unpack-run.js';
import { formatManifest, manifestFileName, parseManifest } from '../../run/manifest.js';
import { isOptimizerFile } from '../../run/run-files.js';
import { freeName } from './run-names.js';

/** Folders of what is not done yet. */
const isUnfinished = (path: string): boolean => /^(?:next|ready)\//.test(path);

/**
 * A run as the archive that `titlesmith import` takes. The state of its optimizer, three quarters of it, is left out, as
 * `titlesmith prune` does: only a training that goes on needs it.
 */
export async function archivedRun({ name, files }: BrowserRun, context: WorkContext): Promise<Blob> {
  const stored = (await files.list()).filter(({ path }) => !isUnfinished(path) && !isOptimizerFile(path));
  const sizes = new Map(stored.map(({ path, bytes }) => [path, bytes]));
  const packed = archivedPaths([...sizes.keys()]).map((path) => ({
    path,
    size: sizes.get(path)!,
    content: () => readBytesOf(files, path),
  }));
  const tar = streamOf(packRun(name, packed, context)).pipeThrough(new CompressionStream('gzip'));
  return new Response(tar).blob();
}

function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done) controller.close();
      else controller.enqueue(Uint8Array.from(next.value));
    },
  });
}

/**
 * Unpacks an archive that the page or `titlesmith export` has written. The run counts only once all of it is there and checked: run.json
 * is written last.
 * @returns the name of the run: the archive's, or one like it that is free.
 * @throws TitlesmithError saying why it is refused; InterruptedError.
 */
export async function unpackArchive(archive: File, runs: BrowserRuns, context: WorkContext): Promise<string> {
  const taken = (await runs.list()).map(({ name }) => name);
  const name = freeName(archive.name.replace(/\.(?:tar\.gz|tgz|tar)$/i, ''), taken);
  // What a tab that was closed meanwhile has left.
  await runs.remove(name);
  const files = runs.filesOf(name);
  let record = '';
  const write = async (path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    if (path === manifestFileName) record = await textOf(chunks);
    else await files.write(path, chunks);
  };
  const decompress = (chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> =>
    decompressedStream(archive.name, streamOf(chunks));
  try {
    const read = (): AsyncIterable<Uint8Array> => streamChunks(archive.stream());
    await unpackRun({ name: archive.name, read }, { decompress, write }, context);
    const { manifest } = withoutForeignPaths(parseManifest(record, `${archive.name}/${manifestFileName}`));
    await files.write(manifestFileName, [formatManifest({ ...manifest, name })]);
    return name;
  } catch (error) {
    await runs.remove(name);
    throw about(archive.name, error);
  }
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

import { TitlesmithError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { memorySource } from '../../io/byte-source.js';
import { decompressedStream } from '../../io/compression/decompressed-stream.js';
import { gzipChunks, streamChunks, streamOf } from '../../io/compression/web-streams.js';
import { archivedPaths, archiveError } from '../../run/archive/archive-format.js';
import { withoutForeignPaths } from '../../run/archive/foreign-paths.js';
import { packRun, type RunFile } from '../../run/archive/pack-run.js';
import { unpackRun } from '../../run/archive/unpack-run.js';
import {
  formatManifest,
  type Manifest,
  manifestFileName,
  parseManifest,
  withoutOutputs,
} from '../../run/manifest.js';
import { isOptimizerFile, optimizerState, runFiles } from '../../run/run-files.js';
import { type FileStore, storeBelow } from '../storage/file-store.js';
import { readBytesOf } from '../storage/stored-text.js';

/** An archive that a person chose: `.tar.gz`, `.tar.zst` or `.tar`. */
export interface RunArchive {
  readonly name: string;
  readonly content: Blob;
}

/** Work that was cut short, and swaps: no part of what a run has done. */
export const isUnfinished = (path: string): boolean => /^(next|ready)\//.test(path);

/** Files to pack. */
type ReadableFiles = Pick<FileStore, 'list' | 'open'>;

/** Bytes of the longest run.json. */
const maxManifestBytes = 2 ** 26;

/** Gathers chunks into a Blob, which a browser may keep out of memory. */
async function blobOf(chunks: AsyncIterable<Uint8Array>): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of chunks) parts.push(Uint8Array.from(chunk));
  return new Blob(parts, { type: 'application/gzip' });
}

async function pack(
  name: string,
  files: ReadableFiles,
  context: WorkContext,
  isWanted: (path: string) => boolean,
): Promise<Blob> {
  const sizes = new Map((await files.list()).map(({ path, bytes }) => [path, bytes]));
  const wanted = archivedPaths([...sizes.keys()].filter(isWanted));
  const list = wanted.map(
    (path): RunFile => ({ path, size: sizes.get(path)!, content: () => readBytesOf(files, path) }),
  );
  return blobOf(gzipChunks(packRun(name, list, context)));
}

/**
 * Packs a run as "titlesmith import" takes it, compressed by gzip. Work that was cut short stays behind, and so does the
 * optimizer's state, three quarters of a run, as after "titlesmith prune".
 * @throws InterruptedError.
 */
export function packRunFiles(manifest: Manifest, files: FileStore, context: WorkContext): Promise<Blob> {
  const text = new TextEncoder().encode(
    formatManifest(withoutOutputs(manifest, 'finetune', [optimizerState])),
  );
  const kept: ReadableFiles = {
    list: async () => [
      ...(await files.list()).filter(({ path }) => path !== manifestFileName && path !== optimizerState),
      { path: manifestFileName, bytes: text.length },
    ],
    open: async (path) => (path === manifestFileName ? memorySource(path, text) : files.open(path)),
  };
  return pack(manifest.name, kept, context, (path) => !isUnfinished(path));
}

/**
 * Packs a run's model, compressed by gzip: a folder of its name with the files that titlesmith and Hugging Face's libraries open.
 * @throws TitlesmithError where the run has no model yet; InterruptedError.
 */
export async function packModelFiles(name: string, files: FileStore, context: WorkContext): Promise<Blob> {
  const checkpoint = storeBelow(files, runFiles.checkpoint);
  if ((await checkpoint.list()).length === 0) {
    throw new TitlesmithError(`${name} has no model yet.`, {
      code: 'stage-input-missing',
      hint: 'Train it first.',
    });
  }
  return pack(name, checkpoint, context, (path) => !isOptimizerFile(`${runFiles.checkpoint}/${path}`));
}

async function textOf(chunks: AsyncIterable<Uint8Array>, place: string): Promise<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let [text, size] = ['', 0];
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxManifestBytes) throw archiveError(place, `its ${manifestFileName} is too long`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Unpacks an archive that "titlesmith export" or {@link packRunFiles} made, all its checksums verified; all but run.json is
 * written. Work that was cut short is left out, and run.json goes on naming no files of the machine where it was made.
 * @param files what is in the way there is removed first; where the archive is refused, nothing is left.
 * @returns run.json, with the run's name in the archive.
 * @throws TitlesmithError `archive-refused` saying why, or that there is no room; InterruptedError.
 */
export async function unpackRunFiles(
  { name: place, content }: RunArchive,
  files: FileStore,
  context: WorkContext,
): Promise<Manifest> {
  const clear = async (): Promise<void> => {
    for (const { path } of await files.list()) await files.remove(path);
  };
  let manifestText = '';
  const write = async (path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    if (path === manifestFileName) manifestText = await textOf(chunks, place);
    else if (isUnfinished(path)) for await (const chunk of chunks) void chunk;
    else await files.write(path, chunks);
  };
  await clear();
  try {
    const read = () => streamChunks(content.stream());
    const decompress = (chunks: AsyncIterable<Uint8Array>) => decompressedStream(place, streamOf(chunks));
    const name = await unpackRun({ name: place, read }, { decompress, write }, context);
    const archived = parseManifest(manifestText, `${place}: ${manifestFileName}`);
    const { manifest, notes } = withoutForeignPaths(archived);
    for (const message of notes) context.onProgress({ kind: 'warning', message });
    return { ...manifest, name };
  } catch (error) {
    await clear();
    if (error instanceof TitlesmithError || !(error instanceof Error)) throw error;
    throw archiveError(
      place,
      `it is no archive, or its data is damaged or cut short (${error.message})`,
      'Copy it anew, or export it again.',
    );
  }
}

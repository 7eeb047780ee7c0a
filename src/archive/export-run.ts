import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileError, TitlesmithError, usageError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import { nativeSha256 } from '../io/atomic-file.js';
import { compress } from '../io/compression/compressed-stream.js';
import type { Compression } from '../io/compression/compression-kind.js';
import { missingFolders, removeEmptyFolders } from '../io/folders.js';
import {
  type ArgumentRules,
  checkArgument,
  checkArguments,
  completeContext,
  isText,
} from '../options/call-arguments.js';
import { optionTable } from '../options/option-table.js';
import { RunFolder } from '../pipeline/run/run-folder.js';
import { describeStale, staleStages } from '../pipeline/run/stale-stages.js';
import { archivedPaths } from '../run/archive/archive-format.js';
import { packRun, type RunFile } from '../run/archive/pack-run.js';
import { isBucket, openStorageFile } from './open-storage.js';
import type { StorageFile } from './storage.js';

/** The compression for an archive's name. @throws TitlesmithError `usage` for an unknown extension. */
function compressionOf(name: string): Compression {
  if (/\.(tar\.gz|tgz)$/i.test(name)) return 'gzip';
  if (/\.(tar\.zst|tzst)$/i.test(name)) return 'zstd';
  if (/\.tar$/i.test(name)) return 'none';
  throw usageError(`${name} does not say what it is to be.`, 'End its name with .tar.gz, .tar.zst or .tar.');
}

async function filesOf(folder: string): Promise<RunFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    );
  return Promise.all(
    archivedPaths(paths).map(async (path) => {
      const { size } = await stat(join(folder, path));
      return { path, size, content: () => readExactly(join(folder, path), size) };
    }),
  );
}

/** Reads the first `size` bytes of a file, which may have grown since it was listed. */
async function* readExactly(path: string, size: number): AsyncGenerator<Buffer> {
  if (size === 0) return;
  for await (const chunk of createReadStream(path, { end: size - 1, highWaterMark: 2 ** 18 }))
    yield chunk as Buffer;
}

/** An exported run, and where its archive is. */
export interface ExportedRun {
  readonly run: string;
  readonly place: string;
}

/** Exports a run that is already locked. */
export async function exportLocked(run: RunFolder, to: StorageFile, context: WorkContext): Promise<void> {
  const name = basename(resolve(run.path));
  try {
    const tar = packRun(name, await filesOf(run.path), context, nativeSha256);
    await to.write(compress(tar, compressionOf(to.name)));
  } catch (error) {
    throw fileError('read', run.path, error);
  }
}

export interface ExportRunOptions {
  /** Whether an archive of that name may be replaced. */
  readonly overwrite?: boolean;
}

const exportArguments: ArgumentRules = { overwrite: optionTable.overwrite };

/** Whether a path that need not exist lies in a folder, links followed. */
async function liesIn(folder: string, path: string): Promise<boolean> {
  const real = async (one: string): Promise<string> => {
    const parent = dirname(one);
    return realpath(one).catch(async () => (parent === one ? one : join(await real(parent), basename(one))));
  };
  const way = relative(await real(resolve(folder)), await real(resolve(path)));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** @throws TitlesmithError where an archive would become part of the run, or take the place of a file unasked. */
async function checkPlace(run: string, place: StorageFile, overwrite: boolean): Promise<void> {
  if (!isBucket(place.name) && (await liesIn(run, place.name))) {
    throw usageError(
      `${place.name} lies in the run itself, and would be part of its next archive.`,
      'Name a place outside it.',
    );
  }
  if (overwrite || !(await place.exists())) return;
  throw new TitlesmithError(`${place.name} is there already.`, {
    code: 'export-occupied',
    hint: 'Name another archive, or replace it with --overwrite.',
  });
}

/**
 * Writes a run to one archive: tar, compressed with gzip or zstd depending on its name. The archive is written atomically.
 * @param to a path or `gs://bucket/name`; in a folder, the archive is named after the run, with `.tar.gz`.
 * @throws TitlesmithError when an argument is wrong, there is no such run, it is in use, the archive is there already and is not to be
 *   replaced, lies in the run, or cannot be written; InterruptedError.
 */
export async function exportRun(
  folder: string,
  to: string,
  given: Partial<WorkContext> = {},
  options: ExportRunOptions = {},
): Promise<ExportedRun> {
  checkArgument('exportRun', 'folder', folder, isText);
  checkArgument('exportRun', 'to', to, isText);
  const context = completeContext<WorkContext>('exportRun', given);
  const { overwrite = false } = checkArguments('exportRun', options, exportArguments);
  const run = await RunFolder.open(folder, context.onProgress, 'exported');
  try {
    const name = basename(resolve(run.path));
    const stale = staleStages(run.manifest);
    if (stale.length > 0) context.onProgress({ kind: 'note', message: describeStale(stale, run.path) });
    const place = await openStorageFile(to, `${name}.tar.gz`);
    compressionOf(place.name);
    await checkPlace(run.path, place, overwrite);
    const signal = {
      get aborted() {
        return context.signal.aborted || run.lost.aborted;
      },
    };
    const made = isBucket(place.name) ? [] : missingFolders(dirname(place.name));
    await exportLocked(run, place, { ...context, signal }).finally(() => removeEmptyFolders(made));
    return { run: name, place: place.name };
  } finally {
    await run.close();
  }
}

import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isPossibleName } from '../common/device-names.js';
import { fileError, systemErrorCode, TitlesmithError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import { nativeSha256, writeChunksAtomic } from '../io/atomic-file.js';
import { decompress } from '../io/compression/compressed-stream.js';
import { makeFolder, missingFolders, removeEmptyFolders } from '../io/folders.js';
import { renameFile } from '../io/rename.js';
import {
  type ArgumentRules,
  checkArgument,
  checkArguments,
  completeContext,
  isText,
} from '../options/call-arguments.js';
import { optionTable } from '../options/option-table.js';
import { checkValue } from '../options/value-types.js';
import { readManifest, writeManifest } from '../pipeline/run/manifest-file.js';
import { checkRunsFolder } from '../pipeline/run/run-folder.js';
import { isRunning, lockRun } from '../pipeline/run/run-lock.js';
import { archiveError } from '../run/archive/archive-format.js';
import { withoutForeignPaths } from '../run/archive/foreign-paths.js';
import { unpackRun } from '../run/archive/unpack-run.js';
import { openStorageFile } from './open-storage.js';
import type { StorageFile } from './storage.js';

export interface ImportOptions {
  readonly runsDir: string;
  /** New name of the run. Default: as in the archive. */
  readonly runName?: string | undefined;
  /** Whether a run of that name may be replaced. */
  readonly overwrite?: boolean;
}

/** Turns errors of the file system, streams and zlib into TitlesmithErrors; returns those unchanged. */
function explain(place: string, error: unknown): unknown {
  if (error instanceof TitlesmithError || !(error instanceof Error)) return error;
  const code = systemErrorCode(error);
  // System error codes consist of capitals only; those of streams and zlib do not.
  if (code !== undefined && /^E[A-Z]+$/.test(code)) return fileError('read', place, error);
  return archiveError(
    place,
    `it is no archive, or its data is damaged or cut short (${error.message})`,
    'Copy it anew, or export it again.',
  );
}

/** Moves the unpacked run to its place, then removes the run it replaces. */
async function installRun(
  unpacked: string,
  target: string,
  options: ImportOptions,
  context: WorkContext,
): Promise<void> {
  const manifest = await readManifest(target);
  if (!manifest) {
    await renameFile(unpacked, target).catch((error: unknown) => {
      const isTaken = ['ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '');
      throw isTaken ? occupiedError(target, 'it holds files, but no run') : error;
    });
    return;
  }
  if (!options.overwrite) throw occupiedError(target, 'that run is there already');
  const lock = await lockRun(target, context.onProgress);
  const aside = `${unpacked}.replaced`;
  try {
    await rm(aside, { recursive: true, force: true });
    await renameFile(target, aside);
    await renameFile(unpacked, target);
  } finally {
    lock.release();
  }
  await rm(aside, { recursive: true, force: true });
}

function occupiedError(target: string, why: string): TitlesmithError {
  return new TitlesmithError(`${target} is in the way: ${why}.`, {
    code: 'import-occupied',
    hint: 'Choose another --run-name, or replace a run with --overwrite.',
  });
}

/** Beginning of the name of a folder that an archive is unpacked to; this machine's name tells its processes from others'. */
const unpackingStart = `.import-${hostname()}-`;

/** Removes what imports of this machine that were killed have left. */
async function removeAbandoned(runsDir: string): Promise<void> {
  const names = await readdir(runsDir);
  for (const name of names.filter((candidate) => candidate.startsWith(unpackingStart))) {
    if (!isRunning(Number(name.slice(unpackingStart.length))))
      await rm(join(runsDir, name), { recursive: true, force: true });
  }
}

/** Unpacks an archive to a run folder. @returns the run's folder. @throws as {@link importRun}. */
export async function importFrom(
  from: StorageFile,
  options: ImportOptions,
  context: WorkContext,
): Promise<string> {
  const { runsDir, runName: wanted } = options;
  checkRunsFolder(runsDir);
  const made = missingFolders(runsDir);
  await makeFolder(runsDir);
  const folder = join(runsDir, `${unpackingStart}${process.pid}`);
  try {
    await removeAbandoned(runsDir);
    await rm(folder, { recursive: true, force: true });
    const inArchive = await unpackRun(
      from,
      {
        decompress,
        write: (path, chunks) => {
          if (path.split('/').some((part) => !isPossibleName(part, process.platform)))
            throw archiveError(
              from.name,
              `${JSON.stringify(path)} is no name that Windows has`,
              'Rename it where the run was made.',
            );
          return writeChunksAtomic(join(folder, path), chunks);
        },
        startHash: nativeSha256,
      },
      context,
    );
    const name = wanted ?? inArchive;
    try {
      checkValue(optionTable.runName, name);
    } catch (error) {
      throw archiveError(
        from.name,
        `${JSON.stringify(name)} ${(error as Error).message}`,
        'Give a --run-name.',
      );
    }
    const archived = await readManifest(folder);
    if (archived) {
      const { manifest, notes } = withoutForeignPaths(archived);
      for (const message of notes) context.onProgress({ kind: 'warning', message });
      if (manifest !== archived || manifest.name !== name) await writeManifest(folder, { ...manifest, name });
    }
    const target = join(runsDir, name);
    await installRun(folder, target, options, context);
    return target;
  } catch (error) {
    throw explain(from.name, error);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await removeEmptyFolders(made);
  }
}

const importArguments: ArgumentRules = {
  runsDir: isText,
  runName: optionTable.runName,
  overwrite: optionTable.overwrite,
};

/**
 * Unpacks an archive written by {@link exportRun} to a run folder. All checksums are verified before the run appears; links,
 * and paths outside the run's folder, are refused. The run does not go on naming files outside its folder.
 * @param from a path or `gs://bucket/name`.
 * @throws TitlesmithError when an argument is unknown or wrong, the archive cannot be read or is refused, or the run exists; InterruptedError.
 */
export async function importRun(
  from: string,
  options: ImportOptions,
  given: Partial<WorkContext> = {},
): Promise<string> {
  checkArgument('importRun', 'from', from, isText);
  const checked = checkArguments('importRun', options, importArguments);
  const context = completeContext<WorkContext>('importRun', given);
  return importFrom(await openStorageFile(from), checked, context);
}

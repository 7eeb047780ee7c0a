import { access, constants, lstat, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError } from '../common/errors.js';
import { type ProgressListener, silentContext } from '../common/progress.js';
import { finishedRecord, type Manifest } from '../run/manifest.js';
import { optimizerState } from '../run/run-files.js';
import { openManifest } from './overview/run-overview.js';
import { RunFolder } from './run/run-folder.js';
import { lockHolder } from './run/run-lock.js';

/** What of a run nothing reads any more. */
interface Prunable {
  /** Paths relative to the run folder. */
  readonly files: readonly string[];
  readonly bytes: number;
}

/**
 * What of a run nothing reads any more: the optimizer's state of a training that is done. Training on, generating, serving and
 * exporting begin with the weights alone; a training that is not done goes on with its own state, which is elsewhere.
 * @throws TitlesmithError where the folder is no run, or cannot be read.
 */
export async function findPrunable(folder: string): Promise<Prunable> {
  return ofManifest(folder, await openManifest(folder));
}

/**
 * That a run can be pruned, before anything is.
 * @throws TitlesmithError where it is no run, is damaged, is being written, or cannot be.
 */
export async function checkPrunable(folder: string): Promise<void> {
  const { files } = await findPrunable(folder);
  const holder = await lockHolder(folder);
  if (holder !== undefined) {
    throw new TitlesmithError(`${folder} is being ${holder.activity} by process ${holder.pid}.`, {
      code: 'run-locked',
      hint: 'Wait for it to end.',
    });
  }
  for (const path of [folder, ...files.map((file) => join(folder, dirname(file)))]) {
    try {
      await access(path, constants.W_OK);
    } catch (error) {
      throw fileError('write', path, error);
    }
  }
}

async function ofManifest(folder: string, manifest: Manifest): Promise<Prunable> {
  const isDone = finishedRecord(manifest, 'finetune') !== undefined;
  const bytes = isDone ? await sizeOf(join(folder, optimizerState)) : undefined;
  return bytes === undefined ? { files: [], bytes: 0 } : { files: [optimizerState], bytes };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await lstat(path);
    // What a link leads to is not the run's own.
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw fileError('read', path, error);
  }
}

/**
 * Removes what {@link findPrunable} finds. run.json first no longer lists it, so that a process that is killed between leaves a
 * run that is whole.
 * @throws TitlesmithError where the folder is no run, another process is at work there, or something cannot be written or removed.
 */
export async function pruneRun(
  folder: string,
  onProgress: ProgressListener = silentContext.onProgress,
): Promise<Prunable> {
  const run = await RunFolder.open(folder, onProgress);
  try {
    const prunable = await ofManifest(folder, run.manifest);
    if (prunable.files.length === 0) return prunable;
    await run.forgetOutputs('finetune', prunable.files);
    for (const file of prunable.files) {
      const path = join(folder, file);
      try {
        await rm(path);
      } catch (error) {
        throw fileError('remove', path, error);
      }
    }
    return prunable;
  } finally {
    await run.close();
  }
}

import { existsSync } from 'node:fs';
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileError, systemErrorCode } from '../../common/errors.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { syncFolder } from '../../io/flush.js';
import { makeFolder } from '../../io/folders.js';
import { renameFile } from '../../io/rename.js';
import { type StageName, stageNames } from '../../options/choices.js';

/*
 * How the outputs of a stage get into the run folder. A stage writes below `next/STAGE`, under the names its outputs will
 * have, beside those of an earlier time. When it has succeeded, one rename to `ready/STAGE` decides that the new ones
 * count; only then are they moved into place. A process that is killed before that rename leaves the old outputs, one
 * that is killed after it leaves the rest to the next process that opens the run.
 */

/** Holds what stages that are not done have written. */
export const unfinishedFolder = 'next';
const readyFolder = 'ready';
const swapFileName = 'stage.json';
const replacedFolder = 'replaced';

/** What `ready/STAGE` holds besides the outputs. */
export interface Swap<Changes = unknown> {
  readonly stage: StageName;
  /** Paths relative to the run folder that the stage's outputs replace; those without an output are removed. */
  readonly replaces: readonly string[];
  /** Paths of all files written, relative to the run folder. */
  readonly written: readonly string[];
  /** What run.json is to say once the outputs are in place. */
  readonly changes: Changes;
}

/** Where a stage that has begun writes. */
export function workFolderOf(run: string, stage: StageName): string {
  return join(run, unfinishedFolder, stage);
}

/** Where a stage writes that may still be refused. */
export function preparationFolderOf(run: string, stage: StageName): string {
  return join(run, unfinishedFolder, `${stage}.preparing`);
}

/**
 * Removes what a stage wrote before it was refused, and folders that hold nothing.
 * @param withWork removes what it wrote since it began, too.
 * @throws TitlesmithError naming the path.
 */
export async function discardUnfinished(run: string, stage: StageName, withWork = false): Promise<void> {
  await removeAll(preparationFolderOf(run, stage));
  const work = workFolderOf(run, stage);
  await (withWork ? removeAll(work) : removeIfEmpty(work));
  for (const folder of [unfinishedFolder, readyFolder]) await removeIfEmpty(join(run, folder));
}

/**
 * Makes the folder a stage writes into from now on, with what it prepared.
 * @param resume keeps what an earlier process wrote there; otherwise it is removed.
 * @throws TitlesmithError naming the path.
 */
export async function beginWork(run: string, stage: StageName, resume: boolean): Promise<void> {
  const [work, prepared] = [workFolderOf(run, stage), preparationFolderOf(run, stage)];
  if (!resume) await removeAll(work);
  await makeFolder(work);
  try {
    for (const name of existsSync(prepared) ? await readdir(prepared) : []) {
      await removeAll(join(work, name));
      await renameFile(join(prepared, name), join(work, name));
    }
  } catch (error) {
    throw fileError('write', work, error);
  }
  await removeAll(prepared);
}

/**
 * Decides that the outputs below `next/STAGE` count. They are not in place yet: see {@link moveIntoPlace}.
 * @throws TitlesmithError naming the path; the old outputs then count as before.
 */
export async function commitWork(run: string, swap: Swap): Promise<void> {
  const [work, ready] = [workFolderOf(run, swap.stage), join(run, readyFolder, swap.stage)];
  await writeFileAtomic(join(work, swapFileName), `${JSON.stringify(swap, undefined, 2)}\n`);
  await makeFolder(join(run, readyFolder));
  try {
    await renameFile(work, ready);
    await syncFolder(join(run, readyFolder));
  } catch (error) {
    throw fileError('write', ready, error);
  }
}

/**
 * The swaps that were decided on but not completed, in the order of the stages.
 * @throws TitlesmithError when one cannot be read.
 */
export async function pendingSwaps(run: string): Promise<readonly Swap[]> {
  if (!existsSync(join(run, readyFolder))) return [];
  const swaps: Swap[] = [];
  for (const stage of stageNames) {
    const path = join(run, readyFolder, stage, swapFileName);
    try {
      swaps.push({ ...(JSON.parse(await readFile(path, 'utf8')) as Swap), stage });
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw fileError('read', path, error);
    }
  }
  return swaps;
}

/** Moves committed outputs to their places. Safe to repeat after a kill. @throws TitlesmithError naming a path. */
export async function moveIntoPlace(run: string, { stage, replaces, written }: Swap): Promise<void> {
  const ready = join(run, readyFolder, stage);
  for (const path of replaces) {
    const [from, to, old] = [join(ready, path), join(run, path), join(ready, replacedFolder, path)];
    const isWritten = written.some((file) => file === path || file.startsWith(`${path}/`));
    if (isWritten && !existsSync(from)) continue;
    try {
      await makeFolder(dirname(old));
      await rm(old, { recursive: true, force: true });
      // A folder cannot be renamed onto another that is not empty, so the old one is moved away first.
      await renameIfThere(to, old);
      if (!isWritten) continue;
      await makeFolder(dirname(to));
      await renameFile(from, to);
      await syncFolder(dirname(to));
    } catch (error) {
      throw fileError('write', to, error);
    }
  }
}

/** Removes the old outputs and what else is left of a swap. @throws TitlesmithError naming the path. */
export async function endSwap(run: string, stage: StageName): Promise<void> {
  await removeAll(join(run, readyFolder, stage));
  await removeIfEmpty(join(run, readyFolder));
  await removeIfEmpty(join(run, unfinishedFolder));
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await renameFile(from, to);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}

async function removeAll(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    throw fileError('remove', path, error);
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) {
      throw fileError('remove', folder, error);
    }
  }
}

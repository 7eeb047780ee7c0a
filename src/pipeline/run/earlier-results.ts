import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { collect } from '../../common/collect.js';
import { fileError, systemErrorCode } from '../../common/errors.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { readLines } from '../../io/text-file.js';
import { filesAreUnchanged, hashValue, recordFiles } from './fingerprint.js';
import type { StageRecord } from './manifest.js';
import { runFiles } from './run-files.js';

/** Files of the optimizer state, which is of no use to a training on other titles. */
const optimizerFiles = ['optimizer.safetensors', 'training.json'];

/** Hash of the checkpoint that a training starts from; undefined if there is none. @throws TitlesmithError */
export async function earlierCheckpointHash(folder: string): Promise<string | undefined> {
  const files = await recordFiles(folder, [runFiles.earlierCheckpoint]);
  const kept = Object.entries(files).filter(
    ([path]) => !optimizerFiles.some((name) => path.endsWith(`/${name}`)),
  );
  return kept.length === 0 ? undefined : hashValue(Object.fromEntries(kept));
}

/**
 * Moves the checkpoint of a finished training aside for the next one to start from. Safe to repeat if the process is
 * killed in between.
 * @param record of the finished training.
 * @returns whether there was a complete checkpoint.
 * @throws TitlesmithError
 */
export async function putCheckpointAside(folder: string, record: StageRecord): Promise<boolean> {
  const files = Object.entries(record.outputs ?? {}).filter(([path]) =>
    path.startsWith(`${runFiles.checkpoint}/`),
  );
  const isWhole =
    record.status === 'done' &&
    files.length > 0 &&
    (await filesAreUnchanged(folder, Object.fromEntries(files)));
  const [from, to] = [join(folder, runFiles.checkpoint), join(folder, runFiles.earlierCheckpoint)];
  try {
    if (isWhole) {
      await rm(to, { recursive: true, force: true });
      await rename(from, to);
    }
    // Also needed when an earlier process was killed right after the rename.
    for (const name of optimizerFiles) await rm(join(to, name), { force: true });
  } catch (error) {
    throw fileError('write', to, error);
  }
  return isWhole;
}

/** Whether there is a checkpoint that was moved aside. */
export async function hasEarlierCheckpoint(folder: string): Promise<boolean> {
  try {
    return (await readdir(join(folder, runFiles.earlierCheckpoint))).length > 0;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw fileError('read', folder, error);
  }
}

/** The titles in a file, one per line; empty if there is no file. */
async function readTitles(path: string): Promise<readonly string[]> {
  if (!existsSync(path)) return [];
  return (await collect(readLines(path))).filter((line) => line !== '');
}

/** Titles accepted in earlier generations of a run; empty if none are recorded. @throws TitlesmithError */
export function readAcceptedBefore(folder: string): Promise<readonly string[]> {
  return readTitles(join(folder, runFiles.acceptedBefore));
}

/** Adds the accepted titles to those of earlier generations, without duplicates. Idempotent. @throws TitlesmithError */
export async function keepAccepted(folder: string): Promise<void> {
  const [before, now] = [await readAcceptedBefore(folder), await readTitles(join(folder, runFiles.accepted))];
  const titles = [...new Set([...before, ...now])];
  if (titles.length === before.length) return;
  await writeFileAtomic(join(folder, runFiles.acceptedBefore), titles.map((title) => `${title}\n`).join(''));
}

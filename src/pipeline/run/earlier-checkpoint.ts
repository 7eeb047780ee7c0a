import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemErrorCode } from '../../common/errors.js';
import { earlierCheckpointFolder, runFiles } from '../stages/descriptions.js';
import { filesAreUnchanged, hashValue, recordFiles } from './fingerprint.js';
import type { StageRecord } from './manifest.js';

/** Optimizer state: of no use to a training on other titles. */
const leftOut = ['optimizer.safetensors', 'training.json'];

/** Identifies the checkpoint a training begins with; undefined where there is none. @throws TitlesmithError */
export async function earlierCheckpointHash(folder: string): Promise<string | undefined> {
  const files = await recordFiles(folder, [earlierCheckpointFolder]);
  const kept = Object.entries(files).filter(([path]) => !leftOut.some((name) => path.endsWith(`/${name}`)));
  return kept.length === 0 ? undefined : hashValue(Object.fromEntries(kept));
}

/**
 * Puts the checkpoint of a finished training aside, for the next one to begin with. Killed in between, it is done again
 * or found done.
 * @param record what the training recorded.
 * @returns whether there was one, whole.
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
  const [from, to] = [join(folder, runFiles.checkpoint), join(folder, earlierCheckpointFolder)];
  try {
    if (isWhole) {
      await rm(to, { recursive: true, force: true });
      await rename(from, to);
    }
    // Also of one that had just been put aside when its process was killed.
    for (const name of leftOut) await rm(join(to, name), { force: true });
  } catch (error) {
    throw fileError('write', to, error);
  }
  return isWhole;
}

/** Whether there is a checkpoint that was put aside. */
export async function hasEarlierCheckpoint(folder: string): Promise<boolean> {
  try {
    return (await readdir(join(folder, earlierCheckpointFolder))).length > 0;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw fileError('read', folder, error);
  }
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { collect } from '../../common/collect.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { readLines } from '../../io/text-file.js';
import { hashValue } from '../../run/hash-value.js';
import { finishedRecord, type Manifest } from '../../run/manifest.js';
import { isOptimizerFile, runFiles } from '../../run/run-files.js';
import { filesAreUnchanged } from './fingerprint.js';

/**
 * Hash of a run's finished checkpoint, which a training may begin with; undefined if there is none, or if it is not what
 * training wrote.
 * @throws TitlesmithError when it cannot be read.
 */
export async function checkpointHash(folder: string, manifest: Manifest): Promise<string | undefined> {
  const isWeights = ([path]: readonly [string, unknown]): boolean =>
    path.startsWith(`${runFiles.checkpoint}/`) && !isOptimizerFile(path);
  const recorded = Object.entries(finishedRecord(manifest, 'finetune')?.outputs ?? {}).filter(isWeights);
  const weights = Object.fromEntries(recorded);
  if (recorded.length === 0 || !(await filesAreUnchanged(folder, weights))) return undefined;
  return hashValue(weights);
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

/**
 * Writes the titles accepted in earlier generations of a run and in the one that is about to be replaced, without
 * duplicates.
 * @param into the folder that gets the file.
 * @throws TitlesmithError
 */
export async function keepAccepted(folder: string, into: string): Promise<void> {
  const accepted = await readTitles(join(folder, runFiles.accepted));
  const titles = [...new Set([...(await readAcceptedBefore(folder)), ...accepted])];
  if (titles.length === 0) return;
  await writeFileAtomic(join(into, runFiles.acceptedBefore), titles.map((title) => `${title}\n`).join(''));
}

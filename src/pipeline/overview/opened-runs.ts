import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunCounts } from '../../common/stage-counts.js';
import { hashFile } from '../../io/atomic-file.js';
import type { StageName } from '../../options/choices.js';
import type { TrainingPoint } from '../../report/report-figures.js';
import { finishedRecord, type Manifest } from '../../run/manifest.js';

import { runFiles } from '../../run/run-files.js';
import { readMetrics } from '../run/metrics-file.js';
import { workFolderOf } from '../run/stage-swap.js';
import { staleStages } from '../run/stale-stages.js';
import { countsOf, openManifest } from './run-overview.js';

/** A run that is looked at beside others. */
export interface OpenedRun {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly counts: RunCounts;
  /** Stages whose results are of files that were replaced since. */
  readonly stale: readonly StageName[];
}

/** @throws TitlesmithError where one is no run or is damaged. */
export async function openRuns(folders: readonly string[]): Promise<OpenedRun[]> {
  const runs: OpenedRun[] = [];
  for (const folder of folders) {
    const manifest = await openManifest(folder);
    runs.push({ folder, manifest, counts: countsOf(manifest), stale: staleStages(manifest) });
  }
  return runs;
}

/** What a run is called beside others: by its folder, where another has its name. */
export function nameOf({ folder, manifest }: OpenedRun, runs: readonly OpenedRun[]): string {
  const isShared = runs.filter((run) => run.manifest.name === manifest.name).length > 1;
  return isShared ? folder : manifest.name;
}

/** That what was made of earlier weights or titles stands beside what is of later ones. */
export function staleNote({ stale }: OpenedRun, name: string): string[] {
  return stale.length === 0
    ? []
    : [
        `${name}: ${stale.join(', ')} ${stale.length === 1 ? 'is' : 'are'} of files that were replaced since.`,
      ];
}

/** Whether a stage wrote the same file in all runs; null where fewer than all have recorded it, and those that have agree. */
export function haveSame(runs: readonly OpenedRun[], stage: StageName, file: string): boolean | null {
  const hashes = runs.flatMap(
    ({ manifest }) => finishedRecord(manifest, stage)?.outputs?.[file]?.sha256 ?? [],
  );
  if (new Set(hashes).size > 1) return false;
  return hashes.length === runs.length ? true : null;
}

/** Whether all runs have the same tokens, those still in training among them; null where not all are known, and the others agree. */
export async function haveSameTokens(runs: readonly OpenedRun[]): Promise<boolean | null> {
  const hashes = (await Promise.all(runs.map(tokensOf))).filter((hash) => hash !== undefined);
  if (new Set(hashes).size > 1) return false;
  return hashes.length === runs.length ? true : null;
}

const tokenizerFile = `${runFiles.checkpoint}/tokenizer.json`;

/** The hash of the tokenizer that a training used, or is using. */
async function tokensOf({ folder, manifest }: OpenedRun): Promise<string | undefined> {
  const finished = finishedRecord(manifest, 'finetune');
  if (finished) return finished.outputs?.[tokenizerFile]?.sha256;
  const path = join(workFolderOf(folder, 'finetune'), tokenizerFile);
  return existsSync(path) ? hashFile(path) : undefined;
}

/** What training has measured; where it was never done, what one that is under way, or was stopped, has so far. */
export async function measuredBy({
  folder,
  counts,
}: OpenedRun): Promise<{ metrics: readonly TrainingPoint[]; isUnderWay: boolean }> {
  const work = workFolderOf(folder, 'finetune');
  const isDone = counts.finetune !== undefined || existsSync(join(folder, runFiles.metrics));
  const isUnderWay = !isDone && existsSync(join(work, runFiles.metrics));
  return { metrics: await readMetrics(isUnderWay ? work : folder), isUnderWay };
}

/** That a run's losses are those of a training that is not done. */
export const underWayNote = (name: string): string =>
  `${name}: its training is not done; what it has measured so far is drawn.`;

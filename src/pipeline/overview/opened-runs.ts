import type { RunCounts } from '../../common/stage-counts.js';
import type { StageName } from '../../options/choices.js';
import { finishedRecord, type Manifest } from '../../run/manifest.js';
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

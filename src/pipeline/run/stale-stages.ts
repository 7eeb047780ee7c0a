import { type StageName, stageNames } from '../../options/choices.js';
import { finishedRecord, type Manifest } from '../../run/manifest.js';

/** The stages whose results were made of files that have been replaced since, in their order. */
export function staleStages(manifest: Pick<Manifest, 'stages'>): readonly StageName[] {
  const current = new Map<string, string>();
  const stale: StageName[] = [];
  for (const stage of stageNames) {
    const done = finishedRecord(manifest, stage);
    if (done === undefined) continue;
    const isStale = Object.entries(done.inputs ?? {}).some(([path, { sha256 }]) => {
      const now = current.get(path);
      return now !== undefined && now !== sha256;
    });
    if (isStale) stale.push(stage);
    for (const [path, { sha256 }] of Object.entries(done.outputs ?? {})) {
      // What a stale stage wrote is not what its successors are to be made of.
      current.set(path, isStale ? 'stale' : sha256);
    }
  }
  return stale;
}

/** Stale stages in one line, for people. */
export function describeStale(stages: readonly StageName[]): string {
  const names = stages.join(', ');
  return `stale: ${names}, made of files that have been replaced since; "titlesmith pipeline" brings them up to date`;
}

import { basename, dirname } from 'node:path';
import { type StageName, stageNames } from '../../options/choices.js';
import { defaultOptions } from '../../options/option-values.js';
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

/** Stale stages in one line, for people, with the command that makes them anew. @param folder of the run. */
export function describeStale(stages: readonly StageName[], folder: string): string {
  const [place, name] = [dirname(folder), basename(folder)];
  const runsDir = place === defaultOptions().runsDir ? '' : ` --runs-dir ${place}`;
  const command = `titlesmith pipeline --run-name ${name}${runsDir}`;
  return `stale: ${stages.join(', ')}, made of files that have been replaced since; "${command}" brings them up to date`;
}

import { readManifest } from '../pipeline/run/manifest.js';
import type { RunCounts } from '../pipeline/stages/counts.js';
import type { RunFigures } from '../report/batch/batch-record.js';

/**
 * The figures of a run by its run.json; of stages that are not done, null.
 * @returns null where there is no such run.
 */
export async function readFigures(folder: string): Promise<RunFigures | null> {
  const manifest = await readManifest(folder);
  if (!manifest) return null;
  const done = Object.entries(manifest.stages).filter(([, { status }]) => status === 'done');
  const counts: RunCounts = Object.fromEntries(done.map(([stage, record]) => [stage, record.counts]));
  const { extract, finetune, generate, dedupe, report } = counts;
  return {
    titles: extract?.kept ?? null,
    steps: finetune?.steps ?? null,
    validationLoss: finetune?.bestValidationLoss ?? null,
    verdict: report?.verdict ?? null,
    copyShare: report?.copyShare ?? null,
    generated: generate?.generated ?? null,
    accepted: dedupe?.accepted ?? null,
  };
}

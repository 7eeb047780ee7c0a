import type { BrowserRun } from '../../browser/run/browser-run.js';
import { readDroppedOf, readMetricsOf, readTitlesOf } from '../../browser/run/stored-files.js';
import type { RunCounts } from '../../common/stage-counts.js';
import type { StageName } from '../../options/choices.js';
import { finishedRecord, type Manifest } from '../../run/manifest.js';
import { usableCounts } from '../../run/usable-counts.js';
import type { LossCurve, StoredRun, TitlesRead } from '../worker-messages.js';
import { describeTitles } from './shown-titles.js';

/** What the page shows of a run, from what its folder holds. */

/** The counts of a stage's last success; undefined too where run.json, which anyone may have edited, has none that can be. */
function countsOf<Stage extends StageName>(manifest: Manifest, stage: Stage): RunCounts[Stage] {
  return usableCounts(stage, finishedRecord(manifest, stage)?.counts).counts;
}

/** @param made steps that were made and saved, where training is not done. */
export function storedRun(manifest: Manifest, made = 0): StoredRun {
  const trained = countsOf(manifest, 'finetune');
  const steps = manifest.options['steps'];
  return {
    id: manifest.name,
    name: manifest.name,
    begun: manifest.createdAt,
    state: trained ? 'trained' : 'unfinished',
    steps: trained?.steps ?? made,
    plannedSteps: trained?.plannedSteps ?? (typeof steps === 'number' ? steps : 0),
    texts: countsOf(manifest, 'generate')?.generated ?? 0,
  };
}

/** The step whose weights were kept, of a training that is done. */
export function bestStepOf(manifest: Manifest): number | undefined {
  return countsOf(manifest, 'finetune')?.bestStep;
}

/** What was read, dropped and held back; undefined where the run has no titles yet. */
export async function titlesRead({ manifest, files }: BrowserRun): Promise<TitlesRead | undefined> {
  const extracted = countsOf(manifest, 'extract');
  const dataset = countsOf(manifest, 'dataset');
  if (!extracted || !dataset) return undefined;
  const [titles, dropped] = [await readTitlesOf(files), await readDroppedOf(files)];
  return {
    name: manifest.name,
    isExample: manifest.decisions.source?.choice === 'sample',
    ...describeTitles({ counts: extracted, dataset, titles, dropped }),
  };
}

/** The losses of a run's training. */
export async function lossCurve({ manifest, files }: BrowserRun): Promise<LossCurve> {
  const metrics = await readMetricsOf(files);
  const initial = countsOf(manifest, 'finetune')?.initialValidationLoss;
  const points = (of: 'loss' | 'validationLoss') =>
    metrics.flatMap((line) => {
      const loss = line[of];
      return loss === undefined ? [] : [{ step: line.step, loss }];
    });
  const before = initial === undefined ? [] : [{ step: 0, loss: initial }];
  return { training: points('loss'), heldOut: [...before, ...points('validationLoss')] };
}

import { isUnfinished } from '../../browser/run/archived-run.js';
import type { BrowserRun } from '../../browser/run/browser-run.js';
import { workFolder } from '../../browser/run/run-record.js';
import { readDroppedOf, readMetricsOf, readTitlesOf } from '../../browser/run/stored-files.js';
import { storeBelow } from '../../browser/storage/file-store.js';
import { readTextOf } from '../../browser/storage/stored-text.js';
import type { RunCounts } from '../../common/stage-counts.js';
import type { StageName } from '../../options/choices.js';
import { finishedRecord, type Manifest } from '../../run/manifest.js';
import { optimizerState, runFiles } from '../../run/run-files.js';
import { usableCounts } from '../../run/usable-counts.js';
import type { LossCurve, StoredRun, TitlesRead } from '../worker-messages.js';
import { describeTitles } from './shown-titles.js';
import type { ReadTitles } from './title-reading.js';

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

/** Bytes of the files that an archive of the run packs. */
export async function bytesOf({ files }: BrowserRun): Promise<number> {
  const packed = (await files.list()).filter(({ path }) => !isUnfinished(path) && path !== optimizerState);
  return packed.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** For each text of a run, in their order, the number of the request that it was written for. */
export async function roundsOf(run: BrowserRun): Promise<number[]> {
  const requests = finishedRecord(run.manifest, 'generate')?.requests ?? [];
  const texts = await run.readGenerated();
  return texts.map(({ index }) => Math.max(1, requests.filter(({ first }) => first <= index).length));
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

/** The titles of a run, to learn from anew; its files were chosen another time, and are gone. */
export async function titlesAgain({ name, files }: BrowserRun, shown: TitlesRead): Promise<ReadTitles> {
  const text = (await readTextOf(files, runFiles.titles)) ?? '';
  const options = { column: 'title', limit: shown.kept };
  return { input: { files: [new File([text], `${name}.csv`)] }, options, shown };
}

/** The losses of a run's training, as far as it is saved. */
export async function lossCurve({ manifest, files }: BrowserRun): Promise<LossCurve> {
  const isDone = finishedRecord(manifest, 'finetune') !== undefined;
  const metrics = await readMetricsOf(isDone ? files : storeBelow(files, workFolder('finetune')));
  const initial = countsOf(manifest, 'finetune')?.initialValidationLoss;
  const points = (of: 'loss' | 'validationLoss') =>
    metrics.flatMap((line) => {
      const loss = line[of];
      return loss === undefined ? [] : [{ step: line.step, loss }];
    });
  const before = initial === undefined ? [] : [{ step: 0, loss: initial }];
  return { training: points('loss'), heldOut: [...before, ...points('validationLoss')] };
}

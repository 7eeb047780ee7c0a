import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatPercent, formatPoints } from '../common/number-formats.js';
import { type ProgressListener, scoped } from '../common/progress.js';
import type { StageName } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';
import type { Manifest } from './run/manifest.js';
import { runFiles } from './run/run-files.js';
import type { FinishedRun } from './run-result.js';
import { type OpenRun, runStage } from './run-stage.js';
import { assertInputs, isUpToDate } from './stage-fingerprint.js';
import type { RunCounts } from './stages/counts.js';
import type { StageContext } from './stages/stage.js';

/**
 * Runs stages of a run, one after the other. Where another process has taken the run's lock, it is interrupted.
 * @throws TitlesmithError when a stage fails; InterruptedError.
 */
export async function runStages(
  stages: readonly StageName[],
  run: OpenRun,
  { onProgress, signal }: StageContext,
): Promise<FinishedRun> {
  const started = performance.now();
  const { folder, options } = run;
  const stop = AbortSignal.any([signal, folder.lost]);
  for (const stage of stages) {
    await runStage(stage, run, { onProgress: scoped(onProgress, { stage }), signal: stop });
  }
  const { manifest, path } = folder;
  const overfits = stages.at(-1) === 'report' && refusesOverfit(options, manifest, onProgress);
  const seconds = (performance.now() - started) / 1000;
  return { status: 'finished', name: manifest.name, folder: path, seconds, manifest, overfits };
}

/**
 * Runs the dedupe stage where judgement.json is not there, as in a run of an older titlesmith, or is not that of the run
 * as it is now. What a person decided in review alone does not make it run.
 * @throws TitlesmithError as the stage; InterruptedError.
 */
export async function ensureJudged(run: OpenRun, { onProgress, signal }: StageContext): Promise<void> {
  const { path } = run.folder;
  assertInputs('dedupe', path);
  if (await isUpToDate('dedupe', runFiles.judgement, run)) return;
  const isThere = existsSync(join(path, runFiles.judgement));
  const why = isThere ? 'is not of the run as it is now' : 'is not there yet';
  onProgress({ kind: 'note', message: `${runFiles.judgement} ${why}: the dedupe stage runs first` });
  await runStage('dedupe', run, { onProgress: scoped(onProgress, { stage: 'dedupe' }), signal }, true);
}

/**
 * What `--fail-on-overfit` makes of a run whose report is written. A verdict that could not be reached
 * passes, with a warning: scheduled runs should not stop because one was small.
 * @returns true where the option is set and the model overfits, which is told as a warning.
 */
export function refusesOverfit(
  { failOnOverfit }: RunOptions,
  manifest: Manifest,
  onProgress: ProgressListener,
): boolean {
  const report = manifest.stages.report?.counts as RunCounts['report'];
  if (!failOnOverfit || report === undefined) return false;
  if (report.verdict === 'unknown') {
    const message = '--fail-on-overfit: too few titles to tell; the run passes.';
    onProgress({ kind: 'warning', message });
  }
  if (report.verdict !== 'overfits') return false;
  const copies = `${formatPercent(report.copyShare)} of the outputs are copies`;
  const excess = formatPoints(report.excess.share);
  const message =
    `--fail-on-overfit: the model overfits: ${copies}, ${excess} percentage points against held-out titles. ` +
    'The report says what to do.';
  onProgress({ kind: 'warning', message });
  return true;
}

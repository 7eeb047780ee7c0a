import { formatPercent, formatPoints } from '../common/number-formats.js';
import { type ProgressListener, scoped } from '../common/progress.js';
import type { RunCounts } from '../common/stage-counts.js';
import type { RunOptions } from '../options/option-table.js';
import type { Manifest } from './run/manifest.js';

/**
 * Applies `--fail-on-overfit` to a run whose report is written. An unknown verdict passes with a warning: scheduled runs
 * should not stop because one was small.
 * @returns true if the option is set and the model overfits, which is also reported as a warning.
 */
export function failsOnOverfit(
  { failOnOverfit }: RunOptions,
  manifest: Manifest,
  onProgress: ProgressListener,
): boolean {
  const report = manifest.stages.report?.counts as RunCounts['report'];
  if (!failOnOverfit || report === undefined) return false;
  const reported = scoped(onProgress, { stage: 'report' });
  if (report.verdict === 'unknown') {
    const message = '--fail-on-overfit: too few titles to tell; the run passes.';
    reported({ kind: 'warning', message });
  }
  if (report.verdict !== 'overfits') return false;
  const copies = `${formatPercent(report.copyShare)} of the outputs are copies`;
  const excess = formatPoints(report.excess.share);
  const message =
    `--fail-on-overfit: the model overfits: ${copies}, ${excess} percentage points against held-out titles. ` +
    'The report says what to do.';
  reported({ kind: 'warning', message });
  return true;
}

import { formatPercent, formatPoints } from '../common/number-formats.js';
import type { ProgressListener } from '../common/progress.js';
import type { RunOptions } from '../options/option-table.js';
import type { Manifest } from './run/manifest.js';
import type { RunCounts } from './stages/counts.js';

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

import { formatPercent, formatPoints } from '../common/number-formats.js';
import { type ProgressListener, scoped } from '../common/progress.js';
import type { RunOptions } from '../options/option-table.js';
import type { Manifest } from '../run/manifest.js';
import { usableCounts } from '../run/usable-counts.js';

/**
 * Applies `--fail-on-overfit` and `--fail-on` to a run whose report is written. An unknown verdict passes with a warning, unless it
 * is named: scheduled runs should not stop because one was small.
 * @returns true if the verdict is refused, which is also reported as a warning.
 */
export function failsOnOverfit(
  { failOnOverfit, failOn }: RunOptions,
  manifest: Manifest,
  onProgress: ProgressListener,
): boolean {
  const report = usableCounts('report', manifest.stages.report?.counts).counts;
  if (report === undefined) return false;
  const { verdict } = report;
  const reported = scoped(onProgress, { stage: 'report' });
  if (failOn.includes(verdict)) {
    reported({
      kind: 'warning',
      message: `--fail-on: the verdict is ${verdict}. The report says what to do.`,
    });
    return true;
  }
  if (!failOnOverfit) return false;
  if (verdict === 'unknown') {
    const message = '--fail-on-overfit: there is not enough to tell; the run passes.';
    reported({ kind: 'warning', message });
  }
  if (verdict !== 'overfits') return false;
  const copies = `${formatPercent(report.copyShare)} of the outputs are copies`;
  const excess = formatPoints(report.excess.share);
  const message =
    `--fail-on-overfit: the model overfits: ${copies}, ${excess} percentage points against held-out titles. ` +
    'The report says what to do.';
  reported({ kind: 'warning', message });
  return true;
}

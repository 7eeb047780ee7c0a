import { formatSeconds } from '../../common/number-formats.js';
import type { ProgressEvent, ProgressListener } from '../../common/progress.js';
import { plannedSteps } from '../../model/training/training-plan.js';
import { baseName } from '../../model/weights/base-model.js';
import type { RunOptions } from '../../options/option-table.js';
import type { Decisions } from '../../run/manifest.js';
import { decideTrainingOptions } from '../../run/training-decision.js';
import { decidedDevice } from '../decide/device.js';

/**
 * How much longer a step of GPT-2 124M takes than one of the base model with its dropout, on a processor
 * (`npm run bench -- finetune/step`: 2.14 s and 0.35 s).
 */
const stepRatio = 6;

/** Steps that are timed, after the first, which is slower. */
const timedSteps = 8;

/**
 * Where `auto` took the base model because there is no graphics card: says once, when some steps were timed, how long
 * training takes here and how long GPT-2 124M would take, by its own number of passes.
 * @param rowsPerEpoch rows that the training titles are packed into.
 * @param onProgress gets the note and all events of the training.
 */
export function withLargerModelNote(
  { model, device }: Decisions,
  options: RunOptions,
  rowsPerEpoch: number,
  onProgress: ProgressListener,
): ProgressListener {
  const isByDefault = options.model === 'auto' && model?.choice === baseName;
  if (!isByDefault || decidedDevice(device).device !== 'cpu') return onProgress;
  let first: { readonly step: number; readonly time: number } | undefined;
  let isSaid = false;
  return (event: ProgressEvent) => {
    onProgress(event);
    if (isSaid || event.kind !== 'progress' || event.label !== 'train' || event.total === undefined) return;
    first ??= { step: event.done, time: performance.now() };
    const steps = event.done - first.step;
    if (steps < timedSteps) return;
    isSaid = true;
    const secondsOfStep = (performance.now() - first.time) / 1000 / steps;
    const largerSteps = plannedSteps(rowsPerEpoch, decideTrainingOptions('124M', options));
    const message =
      `training takes about ${formatSeconds(secondsOfStep * event.total)} here; ` +
      `GPT-2 124M (--model 124M) would take about ${formatSeconds(stepRatio * secondsOfStep * largerSteps)}.`;
    onProgress({ kind: 'note', message });
  };
}

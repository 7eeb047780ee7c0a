import { formatSeconds } from '../../common/number-formats.js';
import type { ProgressEvent, ProgressListener } from '../../common/progress.js';
import { baseName } from '../../model/weights/base-model.js';
import { decidedDevice } from '../decide/device.js';
import type { Decisions } from '../run/manifest.js';

/**
 * How much longer GPT-2 124M trains on the same titles than the base model does, on a processor
 * (`npm run bench -- finetune/step`).
 */
const timesOfBase = 10;

/** Steps that are timed, after the first, which is slower. */
const timedSteps = 8;

/**
 * Where `auto` took the base model because there is no graphics card: says once, when some steps were timed, how long
 * training takes here and how long GPT-2 124M would take.
 * @param onProgress gets the note and all events of the training.
 */
export function withLargerModelNote(
  { model, device }: Decisions,
  requested: string,
  onProgress: ProgressListener,
): ProgressListener {
  const isByDefault = requested === 'auto' && model?.choice === baseName;
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
    const seconds = ((performance.now() - first.time) / 1000 / steps) * event.total;
    const message =
      `training takes about ${formatSeconds(seconds)} here; ` +
      `GPT-2 124M (--model 124M) would take about ${formatSeconds(timesOfBase * seconds)}.`;
    onProgress({ kind: 'note', message });
  };
}

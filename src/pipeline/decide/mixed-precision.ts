import { formatDevice } from '../../model/engine/device-choice.js';
import type { ChosenDevice } from '../../model/engine/devices.js';
import { precisionOfCard, requireTf32 } from '../../model/engine/mixed-precision.js';
import { type MixedPrecision, mixedPrecisions } from '../../options/choices.js';
import type { RunOptions } from '../../options/option-table.js';
import type { Decision } from '../../run/manifest.js';

/** Whether the run is to decide: a precision that is named is never replaced by another. */
export const isAutomaticPrecision = ({ mixedPrecision }: Pick<RunOptions, 'mixedPrecision'>): boolean =>
  mixedPrecision === undefined || mixedPrecision === 'auto';

/**
 * Decides the precision of training for a device that was chosen, and found to have float16 where that is named.
 * @throws TitlesmithError when TF32 is named and the device does not have it.
 */
export function decideMixedPrecision(
  options: Pick<RunOptions, 'mixedPrecision'>,
  device: ChosenDevice,
): Decision {
  const { mixedPrecision } = options;
  const report = device.report ?? {};
  if (mixedPrecision === 'tf32') requireTf32('--mixed-precision tf32', formatDevice(device), report);
  if (mixedPrecision !== undefined && mixedPrecision !== 'auto') {
    return { choice: mixedPrecision, reason: 'named with --mixed-precision' };
  }
  if (device.engine === 'onnxruntime' && device.device === 'cuda') return precisionOfCard(report);
  const why = {
    cpu: 'the processor computes float16 in float32',
    webgpu: 'WebGPU was measured to be faster in float16 with large steps alone',
    cuda: 'TensorFlow.js has no float16',
  }[device.device];
  return { choice: 'off', reason: why };
}

/** The decision as one line. */
export const describeMixedPrecision = ({ choice, reason }: Decision): string =>
  `mixed precision: ${choice} (${reason})`;

/** The precision of a decision; `off` for runs recorded before it was one. */
export function decidedPrecision(decision: Decision | undefined): MixedPrecision {
  return mixedPrecisions.find((name) => name === decision?.choice) ?? 'off';
}

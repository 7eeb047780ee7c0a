import type { DeviceChoice } from '../../model/engine/device-choice.js';
import { formatDevice, parseDevice } from '../../model/engine/device-choice.js';
import { chooseDevice, requireDevice, requireFloat16 } from '../../model/engine/devices.js';
import type { RunOptions } from '../../options/option-table.js';
import type { Decision, StageRecord } from '../run/manifest.js';

/** Options that not every device supports. */
type DeviceRequest = Pick<RunOptions, 'device' | 'engine'> &
  Partial<Pick<RunOptions, 'mixedPrecision' | 'precision'>>;

/**
 * Chooses the device. A device named by the user is never replaced by another.
 * @throws TitlesmithError when the named device does not work, or float16 is requested and the device does not support it.
 */
export async function decideDevice({
  device,
  engine,
  mixedPrecision,
  precision,
}: DeviceRequest): Promise<Decision> {
  const chosen = device === 'auto' ? await chooseDevice(engine) : await requireDevice({ engine, device });
  const { description } = chosen;
  const flags = [
    ...(mixedPrecision === 'float16' ? ['--mixed-precision float16'] : []),
    ...(precision === 'float16' ? ['--precision float16'] : []),
  ];
  for (const flag of flags) await requireFloat16(chosen, flag);
  return {
    choice: formatDevice(chosen),
    reason: [device === 'auto' ? chosen.reason : 'named with --device', ...flags].join('; '),
    ...(description === undefined ? {} : { description }),
  };
}

/** The decision as one line. */
export const describeDevice = ({ choice, reason, description }: Decision): string =>
  `device: ${choice}${description === undefined ? '' : `, ${description}`} (${reason})`;

/** The device of a decision; the CPU for runs recorded before devices could be chosen. */
export function decidedDevice(decision: Decision | undefined): DeviceChoice {
  return parseDevice(decision?.choice ?? '') ?? { engine: 'onnxruntime', device: 'cpu' };
}

/**
 * The device as part of a stage's fingerprint. With `auto`, results of any device are accepted: a graphics card that
 * appears or disappears is no reason to train again.
 */
export function deviceIdentity(
  { device }: RunOptions,
  decision: Decision | undefined,
  earlier: StageRecord | undefined,
): string | undefined {
  const choice = formatDevice(decidedDevice(decision));
  return device === 'auto' && earlier ? earlier.device : choice;
}

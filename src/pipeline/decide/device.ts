import type { DeviceChoice } from '../../model/engine/device-choice.js';
import { formatDevice, parseDevice } from '../../model/engine/device-choice.js';
import { chooseDevice, requireDevice, requireFloat16 } from '../../model/engine/devices.js';
import type { RunOptions } from '../../options/option-table.js';
import type { Decision, StageRecord } from '../run/manifest.js';

/** Options that a device may be unable to serve. */
type DeviceRequest = Pick<RunOptions, 'device' | 'engine'> &
  Partial<Pick<RunOptions, 'mixedPrecision' | 'precision'>>;

/**
 * What computes, and why.
 * @throws TitlesmithError when the device named does not work, or the device does not compute in float16 where that is
 *   asked for: it never becomes another.
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

/** One line on what was decided. */
export const describeDevice = ({ choice, reason, description }: Decision): string =>
  `device: ${choice}${description === undefined ? '' : `, ${description}`} (${reason})`;

/** The device of a decision; the processor for runs from before there was a choice. */
export function decidedDevice(decision: Decision | undefined): DeviceChoice {
  return parseDevice(decision?.choice ?? '') ?? { engine: 'onnxruntime', device: 'cpu' };
}

/**
 * The device that a stage's result depends on. `auto` accepts what any device has computed: a card that came or went
 * is no reason to train anew.
 */
export function deviceIdentity(
  { device }: RunOptions,
  decision: Decision | undefined,
  earlier: StageRecord | undefined,
): string | undefined {
  const choice = formatDevice(decidedDevice(decision));
  return device === 'auto' && earlier ? earlier.device : choice;
}

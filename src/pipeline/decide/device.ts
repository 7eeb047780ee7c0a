import { silentContext, type WorkContext } from '../../common/progress.js';
import type { DeviceChoice } from '../../model/engine/device-choice.js';
import { formatDevice, parseDevice } from '../../model/engine/device-choice.js';
import {
  type ChosenDevice,
  chooseDevice,
  requireDevice,
  requireFloat16,
} from '../../model/engine/devices.js';
import { requireInt8 } from '../../model/engine/int8.js';
import { provideRuntime } from '../../model/engine/onnxruntime/fetch-runtime.js';
import { describeRuntime } from '../../model/engine/onnxruntime/find-runtime.js';
import type { RunOptions } from '../../options/option-table.js';
import type { Decision } from '../../run/manifest.js';
import { decideMixedPrecision } from './mixed-precision.js';

/** Options that not every device supports. */
type DeviceRequest = Pick<RunOptions, 'device' | 'engine'> &
  Partial<Pick<RunOptions, 'mixedPrecision' | 'precision' | 'frozenPrecision'>>;

/** {@link decideDevice}. */
export async function decideDevice(request: DeviceRequest, context?: WorkContext): Promise<Decision> {
  return (await decideTrainingDevice(request, context)).device;
}

/**
 * Chooses the device, and the precision of training on it. What is named by the user is never replaced by another. ONNX
 * Runtime is fetched where it is not here, so that nothing that needs it begins without it.
 * @throws TitlesmithError when the named device does not work, a precision is requested that the device does not support, or
 *   ONNX Runtime cannot be had; InterruptedError.
 */
export async function decideTrainingDevice(
  request: DeviceRequest,
  context: WorkContext = silentContext,
): Promise<{ readonly device: Decision; readonly mixedPrecision: Decision }> {
  const { device, engine, mixedPrecision, precision, frozenPrecision } = request;
  const runtime = engine === 'onnxruntime' ? describeRuntime(await provideRuntime(context)) : undefined;
  const chosen: ChosenDevice =
    device === 'auto' ? await chooseDevice(engine) : await requireDevice({ engine, device });
  // CUDA's provider may bring an ONNX Runtime of its own.
  const parts = [chosen.description, chosen.device === 'cuda' ? undefined : runtime].filter(Boolean);
  const flags = [
    ...(mixedPrecision === 'float16' ? ['--mixed-precision float16'] : []),
    ...(precision === 'float16' ? ['--precision float16'] : []),
  ];
  for (const flag of flags) await requireFloat16(chosen, flag);
  if (frozenPrecision === 'int8') {
    const flag = '--frozen-precision int8';
    requireInt8(chosen, flag);
    flags.push(flag);
  }
  const decision = {
    choice: formatDevice(chosen),
    reason: [device === 'auto' ? chosen.reason : 'named with --device', ...flags].join('; '),
    ...(parts.length === 0 ? {} : { description: parts.join(', ') }),
  };
  return { device: decision, mixedPrecision: decideMixedPrecision({ mixedPrecision }, chosen) };
}

/** The decision as one line. */
export const describeDevice = ({ choice, reason, description }: Decision): string =>
  `device: ${choice}${description === undefined ? '' : `, ${description}`} (${reason})`;

/** The device of a decision; the CPU for runs recorded before devices could be chosen. */
export function decidedDevice(decision: Decision | undefined): DeviceChoice {
  return parseDevice(decision?.choice ?? '') ?? { engine: 'onnxruntime', device: 'cpu' };
}

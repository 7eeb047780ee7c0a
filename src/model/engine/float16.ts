import { TitlesmithError } from '../../common/errors.js';
import { cast, input, matmul } from '../graph/builder.js';
import type { Engine } from './engine.js';

const [rows, inner, columns] = [8, 16, 8];

/** ONNX Runtime's message for a device without WebGPU's optional float16. */
const withoutFeature = /requires f16 but the device does not support it/;

/**
 * Tries whether an engine computes in float16, with factors that float16 must round.
 * @returns why it does not; undefined if it does.
 */
export async function float16Shortage(engine: Engine): Promise<string | undefined> {
  const [x, w] = [input('x', [rows, inner]), input('w', [inner, columns])];
  const product = matmul(cast(x, 'float16'), cast(w, 'float16'));
  const y = new Float32Array(rows * columns);
  try {
    const program = await engine.compile({ y: cast(product, 'float32') });
    const feeds = {
      x: new Float32Array(rows * inner).fill(1 + 2 ** -12),
      w: new Float32Array(inner * columns).fill(1),
    };
    await program.run(feeds, { y });
    await program.dispose();
  } catch (error) {
    const { message } = error as Error;
    return withoutFeature.test(message) ? 'its driver does not offer the WebGPU feature shader-f16' : message;
  }
  if (y.every((value) => value === inner)) return undefined;
  const isFloat32 = y.every((value) => Math.abs(value - inner * (1 + 2 ** -12)) < 1e-5);
  return isFloat32 ? 'it computes float16 in float32' : `it computes wrongly: ${y[0]} instead of ${inner}`;
}

/**
 * @param feature what needs float16, for the message.
 * @throws TitlesmithError saying why an engine does not compute in it.
 */
export async function requireEngineFloat16(engine: Engine, feature: string): Promise<void> {
  const shortage = await float16Shortage(engine);
  if (shortage !== undefined) throw float16Unavailable(feature, engine.name, shortage);
}

/** The error for a feature that needs float16 on a device that does not compute in it. */
export function float16Unavailable(feature: string, device: string, shortage: string): TitlesmithError {
  return new TitlesmithError(`${feature} is not available on ${device}: ${shortage}.`, {
    code: 'float16-unavailable',
    hint: 'titlesmith devices lists those that compute in float16; name one with --device, or leave the flag out.',
  });
}

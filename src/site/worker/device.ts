import { pluralize } from '../../common/number-formats.js';
import { findWebDevice } from '../../model/engine/onnxruntime-web/web-engine.js';
import type { BrowserFacts } from '../worker-messages.js';

/** What this browser computes with; found out once. */
export const findDevice = once(findWebDevice);

/** What this browser computes with, and why, in a sentence for people. */
export async function describeDevice(): Promise<BrowserFacts> {
  const { device, threads, reason } = await findDevice();
  const what =
    device === 'webgpu' ? 'the graphics card (WebGPU)' : `WebAssembly on ${pluralize(threads, 'thread')}`;
  return { device, threads, reason: `It computes with ${what}: ${reason}.` };
}

/** A function whose first success is its result for ever. */
export function once<Arguments extends readonly unknown[], Result>(
  work: (...given: Arguments) => Promise<Result>,
): (...given: Arguments) => Promise<Result> {
  let result: Promise<Result> | undefined;
  return (...given) => {
    result ??= work(...given).catch((error: unknown) => {
      result = undefined;
      throw error;
    });
    return result;
  };
}

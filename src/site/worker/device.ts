import type { ComputingDevice } from '../../browser/run/browser-run.js';
import { pluralize } from '../../common/number-formats.js';
import { findWebDevice, openWebEngine } from '../../model/engine/onnxruntime-web/web-engine.js';
import type { BrowserFacts } from '../worker-messages.js';
import { once } from './once.js';
import { addressOf, type Loading, loadFiles, namesBelow } from './site-assets.js';
import { yieldingEngine } from './yielding-engine.js';

/** Where ONNX Runtime's files lie, and how the packed ones are read. */
function runtimeOf(loading: Loading) {
  const [name] = namesBelow('runtime');
  return {
    assets: new URL('./', addressOf(name!)).href,
    readBinary: async (file: string) => {
      const path = `runtime/${file}`;
      return (await loadFiles([path], loading)).get(path)!;
    },
  };
}

/** The device of this browser; it is tried once, and what it needs for that is loaded. */
const findDevice = once((loading: Loading) => findWebDevice(runtimeOf(loading)));

/** What this browser computes with, and why, in a sentence for people. */
export async function describeDevice(loading: Loading): Promise<BrowserFacts> {
  const { device, threads, reason, threadsReason } = await findDevice(loading);
  const wasm = `WebAssembly on ${pluralize(threads, 'thread')} (${threadsReason})`;
  const what = device === 'webgpu' ? 'the graphics card (WebGPU)' : wasm;
  return { device, threads, reason: `It computes with ${what}: ${reason}.` };
}

/** What runs the model; opened once. */
export const openDevice = once(async (loading: Loading): Promise<ComputingDevice> => {
  const { device, threads, reason } = await findDevice(loading);
  const engine = await openWebEngine({ device, threads, ...runtimeOf(loading) });
  return { engine: yieldingEngine(engine), reason };
});

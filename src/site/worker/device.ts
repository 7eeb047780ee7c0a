import type { ComputingDevice } from '../../browser/run/browser-run.js';
import { TitlesmithError } from '../../common/errors.js';
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

/** Why the graphics card is no longer tried; undefined: it is. */
let whyNoCard: string | undefined;
/** How often the browser has taken the card away. */
let losses = 0;
/** Whether work is done on the card now. */
let isOnCard = false;

/** What an engine on a card throws where the card is to blame. */
const cardFailures: ReadonlySet<string> = new Set(['device-memory', 'device-lost']);

/** The device of this browser; it is tried once, and what it needs for that is loaded. */
const findDevice = once((loading: Loading) => findWebDevice({ ...runtimeOf(loading), whyNoCard }));

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
  isOnCard = device === 'webgpu';
  const engine = await openWebEngine({ device, threads, ...runtimeOf(loading) });
  return { engine: yieldingEngine(engine), reason };
});

/**
 * Does work that computes. Where the graphics card fails in it, a device is looked for anew the next time: the processor where the
 * card has too little memory, or was taken away before, as a laptop's is that sleeps.
 * @throws TitlesmithError `graphics-card-failed`, saying how to go on; whatever else the work throws.
 */
export async function onDevice<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isOnCard || !(error instanceof TitlesmithError) || !cardFailures.has(error.code)) throw error;
    if (error.code === 'device-memory') whyNoCard = 'the graphics card has too little memory for it';
    else if (++losses > 1) whyNoCard = 'the browser took the graphics card away more than once';
    findDevice.forget();
    openDevice.forget();
    const then = whyNoCard === undefined ? '' : ', and the processor computes from then on';
    throw new TitlesmithError(error.message, {
      code: 'graphics-card-failed',
      hint: `What was saved is still there: go on, or try again${then}.`,
      cause: error,
    });
  }
}

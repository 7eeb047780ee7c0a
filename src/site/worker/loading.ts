import type { ComputingDevice } from '../../browser/run/browser-run.js';
import type { StartingModel } from '../../browser/train-on-titles.js';
import { sourcesFolder } from '../../io/byte-folder.js';
import { memorySource } from '../../io/byte-source.js';
import { openWebEngine } from '../../model/engine/onnxruntime-web/web-engine.js';
import { baseName } from '../../model/weights/base-model.js';
import { openModelIn } from '../../model/weights/folder-model.js';
import { findDevice, once } from './device.js';
import { addressOf, loadFiles, namesBelow } from './site-assets.js';
import { yieldingEngine } from './yielding-engine.js';

/** Hears how many bytes of the model, and of what computes it, have come. */
export interface Loading {
  readonly onLoaded: (done: number, total: number) => void;
}

/** What runs the model; loaded once. */
const deviceOf = once(async (loading: Loading): Promise<ComputingDevice> => {
  const { device, threads, reason } = await findDevice();
  const binaryName = `${device}/binary`;
  const binary = (await loadFiles([binaryName], loading.onLoaded)).get(binaryName)!;
  const assets = new URL('./', addressOf(`${device}/script`)).href;
  const engine = await openWebEngine({ device, threads, assets, binary });
  return { engine: yieldingEngine(engine), reason };
});

export const openDevice = (loading: Loading): Promise<ComputingDevice> => deviceOf(loading);

const fingerprintsName = 'base/fingerprints.bin';

/** All files of the base model, its fingerprints too, so that whoever has them can go on without a network. */
const baseFiles = once((loading: Loading) => loadFiles(namesBelow(baseName), loading.onLoaded));

/** The model that ships with titlesmith; the caller closes its weights. */
export async function openBase(loading: Loading): Promise<StartingModel> {
  const files = await baseFiles(loading);
  const sources = [...files].map(([path, bytes]) => {
    const name = path.slice(baseName.length + 1);
    return [name, memorySource(name, bytes)] as const;
  });
  return { name: baseName, ...(await openModelIn(sourcesFolder(baseName, new Map(sources)))) };
}

/** The fingerprints of what the base model was trained on. */
export async function readFingerprints(loading: Loading): Promise<Uint8Array> {
  return (await baseFiles(loading)).get(fingerprintsName)!;
}

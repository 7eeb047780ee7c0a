import { TitlesmithError } from '../../../common/errors.js';
import { checkDevice } from '../device-check.js';
import type { Engine } from '../engine.js';
import { compileDeviceProgram } from '../onnx/device-program.js';
import { compileHostProgram } from '../onnx/host-program.js';
import { wasmGpuTarget, wasmTarget } from '../onnx/wasm-ops.js';
import { GpuMemory } from './gpu-memory.js';
import { openGpuRuntime } from './gpu-runtime.js';
import { Heap } from './heap.js';
import { type LoadedRuntime, loadRuntime, type ReadBinary } from './runtime.js';
import { WasmSession } from './wasm-session.js';
import { describeGpu } from './web-gpu.js';

/** What a browser can compute on. */
export type WebDevice = 'wasm' | 'webgpu';

export interface WebEngineOptions {
  readonly device: WebDevice;
  /** Threads of WebAssembly. Default: as many as the browser allows, which {@link findWebDevice} tells. */
  readonly threads?: number;
  /** URL of the folder with ONNX Runtime's files, relative to the page's or worker's own. */
  readonly assets: string;
  /** Reads a `.wasm` file by its name, as where it lies packed; else it comes from the folder. */
  readonly readBinary?: ReadBinary;
}

/** What is read here of a browser's page or worker. */
interface Surroundings {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly location?: { readonly href: string };
}

const surroundings = globalThis as Surroundings;

/** How many threads WebAssembly may use here, and why. */
function webThreads(): { readonly threads: number; readonly reason: string } {
  const { crossOriginIsolated, navigator } = surroundings;
  const threads = navigator?.hardwareConcurrency ?? 1;
  if (!crossOriginIsolated) return { threads: 1, reason: 'the page is not isolated from other origins' };
  return { threads, reason: 'as many as the browser says that there are processors' };
}

/** A device, and why it is the one to use. */
interface FoundDevice {
  readonly device: WebDevice;
  /** Of WebAssembly. */
  readonly threads: number;
  /** Why this device. */
  readonly reason: string;
  /** Why so many threads. */
  readonly threadsReason: string;
}

interface FindOptions extends Pick<WebEngineOptions, 'assets' | 'readBinary'> {
  /** Why no graphics card is to be tried, as when one has failed; undefined: one is. */
  readonly whyNoCard?: string | undefined;
}

/**
 * The device to use here: WebGPU where there is a graphics card that computes as WebAssembly does, else WebAssembly. A card is
 * tried, for seconds, and ONNX Runtime for WebGPU loaded for that; without one nothing is.
 */
export async function findWebDevice({ assets, readBinary, whyNoCard }: FindOptions): Promise<FoundDevice> {
  const { threads, reason: threadsReason } = webThreads();
  const instead = (reason: string): FoundDevice => ({ device: 'wasm', threads, reason, threadsReason });
  if (whyNoCard !== undefined) return instead(whyNoCard);
  const gpu = await describeGpu();
  if (!gpu) return instead('the browser has no WebGPU, or no graphics card for it');
  if (gpu.isSoftware) return instead(`WebGPU computes on the processor here (${gpu.name})`);
  try {
    const { engine, reference } = await openGpuEngine(folderUrl(assets), readBinary);
    await checkDevice(engine, reference);
    return { ...instead(`${gpu.name} computes as WebAssembly does`), device: 'webgpu' };
  } catch (error) {
    return instead(`WebGPU does not work on ${gpu.name}: ${(error as Error).message}`);
  }
}

const folderUrl = (assets: string): string =>
  new URL(assets.replace(/\/?$/, '/'), surroundings.location?.href).href;

/**
 * Opens ONNX Runtime in a browser. Without a graphics card programs run on the thread that calls, so this belongs into a
 * worker.
 * @throws TitlesmithError `engine-missing` where ONNX Runtime's files cannot be loaded; `device-unavailable` without WebGPU. What the
 *   engine does later throws `device-lost` once the browser has taken the card away.
 */
export async function openWebEngine({
  device,
  threads,
  assets,
  readBinary,
}: WebEngineOptions): Promise<Engine> {
  const folder = folderUrl(assets);
  if (device === 'wasm') {
    return processorEngine(await loadRuntime(folder, threads ?? webThreads().threads, readBinary));
  }
  if (!(await describeGpu())) {
    throw new TitlesmithError('The browser has no WebGPU, or no graphics card for it.', {
      code: 'device-unavailable',
      hint: 'WebAssembly computes everywhere.',
    });
  }
  return (await openGpuEngine(folder, readBinary)).engine;
}

function processorEngine({ module, products }: LoadedRuntime): Engine {
  const place = { module, heap: new Heap(module) };
  return {
    // Sums of products that are rounded once differ in their last bits from those that are rounded twice.
    name: `onnxruntime-web wasm${products === 'own, fused' ? ' fused' : ''}`,
    compile: (outputs, options = {}) =>
      compileHostProgram(outputs, options, (model) => WasmSession.open(place, model), wasmTarget),
  };
}

/** WebGPU, and the same runtime on the processor, to compare with. */
async function openGpuEngine(
  folder: string,
  readBinary: ReadBinary | undefined,
): Promise<{ engine: Engine; reference: Engine }> {
  const { runtime, place, device } = await openGpuRuntime(folder, readBinary);
  const memory = new GpuMemory(device, place.enqueue);
  const target = { largestBuffer: memory.largestBuffer, target: wasmGpuTarget };
  const engine: Engine = {
    name: 'onnxruntime-web webgpu',
    memory,
    compile: (outputs, options = {}) =>
      compileDeviceProgram(outputs, options, target, (model) => WasmSession.open(place, model)),
  };
  return { engine, reference: processorEngine(runtime) };
}

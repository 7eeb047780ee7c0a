import { TitlesmithError } from '../../../common/errors.js';
import type { Engine } from '../engine.js';
import { compileHostProgram } from '../onnx/host-program.js';
import { wasmTarget } from '../onnx/wasm-ops.js';
import { Heap } from './heap.js';
import { loadRuntime } from './runtime.js';
import { WasmSession } from './wasm-session.js';

/** What a browser can compute on. */
export type WebDevice = 'wasm' | 'webgpu';

export interface WebEngineOptions {
  readonly device: WebDevice;
  /** Threads of WebAssembly. Default: those of {@link webThreads}. */
  readonly threads?: number;
  /** URL of the folder with ONNX Runtime's files, relative to the page's or worker's own. */
  readonly assets: string;
  /** The bytes of its `.wasm` file, where they were loaded already, as from a packed file; else they come from the folder. */
  readonly binary?: Uint8Array;
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
  readonly reason: string;
}

/** The device to use here. */
export async function findWebDevice(): Promise<FoundDevice> {
  const { threads, reason } = webThreads();
  return { device: 'wasm', threads, reason };
}

/**
 * Opens ONNX Runtime in a browser. Programs run on the thread that calls, so this belongs into a worker.
 * @throws TitlesmithError `engine-missing` where ONNX Runtime's files cannot be loaded.
 */
export async function openWebEngine({ device, threads, assets, binary }: WebEngineOptions): Promise<Engine> {
  if (device !== 'wasm') {
    throw new TitlesmithError('WebGPU is not there yet.', { code: 'device-unavailable' });
  }
  const folder = new URL(assets.replace(/\/?$/, '/'), surroundings.location?.href).href;
  const module = await loadRuntime('wasm', folder, threads ?? webThreads().threads, binary);
  const heap = new Heap(module);
  return {
    name: 'onnxruntime-web wasm',
    compile: (outputs, options = {}) =>
      compileHostProgram(outputs, options, (model) => WasmSession.open(module, heap, model), wasmTarget),
  };
}

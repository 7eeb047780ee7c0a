import { TitlesmithError } from '../../../common/errors.js';
import { canFuse, type Products, withFasterProducts } from './faster-products.js';
import type { GpuBuffer, GpuDevice } from './web-gpu.js';

/**
 * The part of ONNX Runtime's WebAssembly module that is used here: its C functions as onnxruntime-web 1.30 exports them
 * (lib/wasm/wasm-types.ts there). Addresses are numbers; what is a promise with WebGPU is none without it. Its JavaScript
 * interface would copy every input and output into new memory in each run, and has one runtime for all builds.
 */
export interface OrtModule {
  /** All of the memory; replaced when it grows. */
  readonly HEAPU8: Uint8Array<SharedArrayBuffer | ArrayBuffer>;
  _malloc(bytes: number): number;
  _free(address: number): void;
  getValue(address: number, type: '*' | 'i32' | 'i8'): number;
  setValue(address: number, value: number, type: '*' | 'i32'): void;
  UTF8ToString(address: number): string;
  stringToUTF8(text: string, address: number, bytes: number): void;
  lengthBytesUTF8(text: string): number;
  /** Gives the values of a model's weights that are stored outside of it, until they are unmounted. */
  mountExternalData(path: string, data: Uint8Array): void;
  unmountExternalData(): void;
  /** Prepares promises. With WebGPU only. */
  asyncInit?(): void;
  /** @param onDevice called with the card, when the first session that uses it is there. With WebGPU only. */
  webgpuInit?(onDevice: (device: GpuDevice) => void): void;
  /** Names the card of the session that is created next; without one it is ONNX Runtime's own. */
  webgpuRegisterDevice?(device?: GpuDevice): unknown;
  webgpuOnCreateSession?(session: number): void;
  webgpuOnReleaseSession?(session: number): void;
  /** @returns what stands for a buffer in place of an address, until it is unregistered as often. */
  webgpuRegisterBuffer?(buffer: GpuBuffer, session: number): number;
  webgpuUnregisterBuffer?(buffer: GpuBuffer): void;
  _OrtAppendExecutionProvider(
    options: number,
    name: number,
    keys: number,
    values: number,
    count: number,
  ): number | Promise<number>;
  _OrtInit(threads: number, logLevel: number): number;
  _OrtGetLastError(code: number, message: number): number;
  _OrtCreateSessionOptions(
    optimizationLevel: number,
    useArena: boolean,
    useMemoryPattern: boolean,
    executionMode: number,
    profile: boolean,
    profilePrefix: number,
    logId: number,
    logSeverity: number,
    logVerbosity: number,
    optimizedModelPath: number,
  ): number;
  _OrtReleaseSessionOptions(options: number): number;
  _OrtCreateSession(model: number, bytes: number, options: number): number | Promise<number>;
  _OrtReleaseSession(session: number): number;
  _OrtCreateTensor(
    type: number,
    data: number,
    bytes: number,
    dimensions: number,
    rank: number,
    location: number,
  ): number;
  _OrtReleaseTensor(tensor: number): number;
  _OrtRun(
    session: number,
    inputNames: number,
    inputs: number,
    inputCount: number,
    outputNames: number,
    outputCount: number,
    outputs: number,
    runOptions: number,
  ): number | Promise<number>;
}

type Factory = (settings: {
  readonly numThreads: number;
  readonly locateFile: (name: string) => string;
  readonly instantiateWasm: (imports: unknown, done: (instance: unknown, module: unknown) => void) => object;
}) => Promise<OrtModule>;

/** What of WebAssembly is used; TypeScript's types for Node have none of it. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<unknown>;
  instantiate(module: unknown, imports: unknown): Promise<unknown>;
};

/** ONNX Runtime's files by what they compute on: JavaScript that loads the WebAssembly beside it. */
export const runtimeFiles = {
  wasm: ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'],
  webgpu: ['ort-wasm-simd-threaded.asyncify.mjs', 'ort-wasm-simd-threaded.asyncify.wasm'],
} as const;

/** Reads one of the `.wasm` files by its name. */
export type ReadBinary = (name: string) => Promise<Uint8Array>;

/** What ONNX Runtime was built for. */
type RuntimeBuild = keyof typeof runtimeFiles;

/** Only fatal errors are logged: functions return the others. */
export const fatal = 4;

/** ONNX Runtime as it runs here. */
export interface LoadedRuntime {
  readonly module: OrtModule;
  readonly products: Products;
}

const loaded = new Map<string, Promise<LoadedRuntime>>();

/**
 * Loads ONNX Runtime for the processor once: its threads, of which the caller's is one, end when the worker or page ends that
 * loaded it.
 * @param assets URL of the folder with {@link runtimeFiles}, with a slash at its end.
 * @throws TitlesmithError `engine-missing` where the files cannot be loaded.
 */
export function loadRuntime(
  assets: string,
  threads: number,
  readBinary?: ReadBinary,
): Promise<LoadedRuntime> {
  const key = JSON.stringify([assets, threads]);
  const runtime = loaded.get(key) ?? startRuntime('wasm', assets, threads, readBinary);
  loaded.set(key, runtime);
  return runtime;
}

/** As {@link loadRuntime}, each call another one. */
export async function startRuntime(
  build: RuntimeBuild,
  assets: string,
  threads: number,
  readBinary: ReadBinary = (name) => fetchBinary(new URL(name, assets).href),
): Promise<LoadedRuntime> {
  const [script, name] = runtimeFiles[build];
  const url = new URL(script, assets).href;
  const start = async (): Promise<LoadedRuntime> => {
    const { binary, products } = withFasterProducts(await readBinary(name), canFuse());
    // Compiled here, and not by the script, which would keep the bytes as long as it runs.
    const program = await WebAssembly.compile(binary);
    return { module: await startModule(url, assets, threads, program), products };
  };
  const runtime = await start().catch((cause: unknown) => {
    throw new TitlesmithError(`ONNX Runtime could not be loaded from ${url}: ${String(cause)}.`, {
      code: 'engine-missing',
      hint: 'Its files must lie there, as docs/browser.md says.',
      cause,
    });
  });
  if (runtime.module._OrtInit(threads, fatal) !== 0) throw lastError(runtime.module);
  return runtime;
}

/** What is used here of a browser's scope. */
declare const fetch: (url: string) => Promise<{
  readonly ok: boolean;
  readonly status: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}>;

async function fetchBinary(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} gives ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function startModule(
  url: string,
  assets: string,
  threads: number,
  program: unknown,
): Promise<OrtModule> {
  const { default: create } = (await import(url)) as { readonly default: Factory };
  return new Promise((resolve, reject) => {
    const started = create({
      numThreads: threads,
      locateFile: (name) => new URL(name, assets).href,
      instantiateWasm: (imports, done) => {
        WebAssembly.instantiate(program, imports).then((instance) => done(instance, program), reject);
        return {};
      },
    });
    started.then(resolve, reject);
  });
}

/** The error that the last function to fail has left, in the runtime's words. */
export function lastError(module: OrtModule): Error {
  const size = 4;
  const place = module._malloc(2 * size);
  module._OrtGetLastError(place, place + size);
  const message = module.getValue(place + size, '*');
  const text = message === 0 ? 'ONNX Runtime failed' : module.UTF8ToString(message);
  module._free(place);
  return new Error(text);
}

import { reinstall, TitlesmithError } from '../../../common/errors.js';
import { foreign, type LibraryHandle } from '../../../io/foreign-library.js';
import { packagedRuntime } from './find-runtime.js';

/** The address of an object that belongs to ONNX Runtime. */
export type Handle = bigint;

/** An output parameter: a C function returns a handle through it. */
export type Out = [Handle | null];

/**
 * Index of each function in the struct `OrtApi` (onnxruntime_c_api.h, read as of ORT_API_VERSION 29). The library
 * guarantees that the struct only grows at its end, so these numbers stay valid.
 */
const positions = {
  getErrorMessage: 2,
  disableTelemetryEvents: 6,
  createSessionFromArray: 8,
  run: 9,
  createSessionOptions: 10,
  enableProfiling: 14,
  disableMemPattern: 17,
  setSessionLogSeverityLevel: 22,
  setSessionGraphOptimizationLevel: 23,
  createTensorAsOrtValue: 48,
  createTensorWithDataAsOrtValue: 49,
  getTensorMutableData: 51,
  createMemoryInfo: 68,
  createCpuMemoryInfo: 69,
  releaseStatus: 93,
  releaseSession: 95,
  releaseValue: 96,
  releaseSessionOptions: 100,
  createEnvWithGlobalThreadPools: 119,
  disablePerSessionThreads: 120,
  createThreadingOptions: 121,
  releaseThreadingOptions: 122,
  addSessionConfigEntry: 130,
  createAllocator: 131,
  setGlobalIntraOpNumThreads: 147,
  setGlobalInterOpNumThreads: 148,
  getTensorMemoryInfo: 194,
  appendCudaExecutionProvider: 204,
  createCudaProviderOptions: 205,
  updateCudaProviderOptions: 206,
  releaseCudaProviderOptions: 208,
  addExternalInitializers: 210,
  sessionOptionsAppendExecutionProvider: 216,
  setDeterministicCompute: 273,
  registerExecutionProviderLibrary: 301,
  copyTensors: 386,
} as const;

/** The requested version of `OrtApi`: onnxruntime 1.23, older than the library in the package. */
const apiVersion = 23;

/** The C functions, each returning a status: null for success. */
interface OrtFunctions {
  createSessionFromArray: AsyncCreateSession;
  run: AsyncRun;
  createSessionOptions(out: Out): Status;
  enableProfiling(options: Handle, prefix: string): Status;
  disableMemPattern(options: Handle): Status;
  addSessionConfigEntry(options: Handle, key: string, value: string): Status;
  setSessionLogSeverityLevel(options: Handle, level: number): Status;
  setSessionGraphOptimizationLevel(options: Handle, level: number): Status;
  createTensorWithDataAsOrtValue(
    memory: Handle,
    /** An array of this process, or the address of something on a device. */
    data: ArrayBufferView | Handle,
    bytes: number,
    shape: BigInt64Array,
    rank: number,
    type: number,
    out: Out,
  ): Status;
  createTensorAsOrtValue(
    allocator: Handle,
    shape: BigInt64Array,
    rank: number,
    type: number,
    out: Out,
  ): Status;
  getTensorMutableData(value: Handle, out: Out): Status;
  /** The returned description belongs to the value. */
  getTensorMemoryInfo(value: Handle, out: Out): Status;
  createMemoryInfo(name: string, allocatorType: number, device: number, memoryType: number, out: Out): Status;
  createCpuMemoryInfo(allocatorType: number, memoryType: number, out: Out): Status;
  createAllocator(session: Handle, memory: Handle, out: Out): Status;
  copyTensors: AsyncCopyTensors;
  sessionOptionsAppendExecutionProvider(
    options: Handle,
    name: string,
    keys: readonly string[],
    values: readonly string[],
    count: number,
  ): Status;
  disableTelemetryEvents(environment: Handle): Status;
  createEnvWithGlobalThreadPools(logLevel: number, name: string, threading: Handle, out: Out): Status;
  disablePerSessionThreads(options: Handle): Status;
  createThreadingOptions(out: Out): Status;
  setGlobalIntraOpNumThreads(threading: Handle, threads: number): Status;
  setGlobalInterOpNumThreads(threading: Handle, threads: number): Status;
  addExternalInitializers(
    options: Handle,
    names: readonly string[],
    values: readonly Handle[],
    count: number,
  ): Status;
  setDeterministicCompute(options: Handle, deterministic: boolean): Status;
  registerExecutionProviderLibrary(environment: Handle, name: string, path: string): Status;
  createCudaProviderOptions(out: Out): Status;
  updateCudaProviderOptions(
    cuda: Handle,
    keys: readonly string[],
    values: readonly string[],
    count: number,
  ): Status;
  appendCudaExecutionProvider(options: Handle, cuda: Handle): Status;
  releaseCudaProviderOptions(cuda: Handle): void;
  releaseSession(session: Handle): void;
  releaseValue(value: Handle): void;
  releaseSessionOptions(options: Handle): void;
  releaseThreadingOptions(threading: Handle): void;
}

type Status = Handle | null;

interface AsyncCreateSession {
  async(
    environment: Handle,
    model: Uint8Array,
    length: number,
    options: Handle,
    out: Out,
    done: (error: unknown, status: Status) => void,
  ): void;
}

interface AsyncRun {
  async(
    session: Handle,
    options: null,
    inputNames: readonly string[],
    inputs: readonly Handle[],
    inputCount: number,
    outputNames: readonly string[],
    outputCount: number,
    outputs: readonly Handle[],
    done: (error: unknown, status: Status) => void,
  ): void;
}

interface AsyncCopyTensors {
  async(
    environment: Handle,
    sources: readonly Handle[],
    targets: readonly Handle[],
    stream: null,
    count: number,
    done: (error: unknown, status: Status) => void,
  ): void;
}

/** The type of paths in C. */
const pathType = `const char${process.platform === 'win32' ? '16' : ''}*`;

/** C declarations of the parameters, in the order of `OrtFunctions`. */
const declarations: {
  readonly [Name in keyof typeof positions]: readonly [result: string, parameters: string];
} = {
  getErrorMessage: ['const char*', 'void*'],
  createSessionFromArray: ['void*', 'void*, void*, size_t, void*, _Out_ void**'],
  run: ['void*', 'void*, void*, const char**, void**, size_t, const char**, size_t, void**'],
  createSessionOptions: ['void*', '_Out_ void**'],
  enableProfiling: ['void*', `void*, ${pathType}`],
  disableMemPattern: ['void*', 'void*'],
  addSessionConfigEntry: ['void*', 'void*, const char*, const char*'],
  setSessionLogSeverityLevel: ['void*', 'void*, int'],
  setSessionGraphOptimizationLevel: ['void*', 'void*, int'],
  createTensorWithDataAsOrtValue: ['void*', 'void*, void*, size_t, int64_t*, size_t, int, _Out_ void**'],
  createTensorAsOrtValue: ['void*', 'void*, int64_t*, size_t, int, _Out_ void**'],
  getTensorMutableData: ['void*', 'void*, _Out_ void**'],
  getTensorMemoryInfo: ['void*', 'void*, _Out_ void**'],
  createMemoryInfo: ['void*', 'const char*, int, int, int, _Out_ void**'],
  createCpuMemoryInfo: ['void*', 'int, int, _Out_ void**'],
  createAllocator: ['void*', 'void*, void*, _Out_ void**'],
  copyTensors: ['void*', 'void*, void**, void**, void*, size_t'],
  sessionOptionsAppendExecutionProvider: ['void*', 'void*, const char*, const char**, const char**, size_t'],
  releaseStatus: ['void', 'void*'],
  releaseSession: ['void', 'void*'],
  releaseValue: ['void', 'void*'],
  releaseSessionOptions: ['void', 'void*'],
  disableTelemetryEvents: ['void*', 'void*'],
  createEnvWithGlobalThreadPools: ['void*', 'int, const char*, void*, _Out_ void**'],
  disablePerSessionThreads: ['void*', 'void*'],
  createThreadingOptions: ['void*', '_Out_ void**'],
  releaseThreadingOptions: ['void', 'void*'],
  setGlobalIntraOpNumThreads: ['void*', 'void*, int'],
  setGlobalInterOpNumThreads: ['void*', 'void*, int'],
  setDeterministicCompute: ['void*', 'void*, bool'],
  registerExecutionProviderLibrary: ['void*', `void*, const char*, ${pathType}`],
  createCudaProviderOptions: ['void*', '_Out_ void**'],
  updateCudaProviderOptions: ['void*', 'void*, const char**, const char**, size_t'],
  appendCudaExecutionProvider: ['void*', 'void*, void*'],
  releaseCudaProviderOptions: ['void', 'void*'],
  addExternalInitializers: ['void*', 'void*, const char**, void**, size_t'],
};

/**
 * Sets an environment variable for this process's C code, unless it is set. Writing to `process.env` does not do that
 * in a worker thread, which has a copy of the variables.
 */
function setDefault(name: string, value: string): void {
  if (process.env[name] !== undefined) return;
  if (process.platform === 'win32') {
    foreign.load('kernel32.dll').func('bool SetEnvironmentVariableA(const char*, const char*)')(name, value);
  } else {
    foreign.load(null).func('int setenv(const char*, const char*, int)')(name, value, 0);
  }
}

/**
 * Sets the environment variables that ONNX Runtime reads when it is loaded. Called before that.
 *
 * - No telemetry: since 1.29 it reports processes and sessions to Microsoft, and keeps a device id and a database in
 *   the home folder for that, unless it is turned off.
 * - Attention on the processor uses the plain kernel. The tiled one, made for long texts, takes a third longer to
 *   decode many short texts (docs/generation.md); at 100 tokens they are equal.
 */
function configureRuntime(): void {
  setDefault('ORT_DISABLE_TELEMETRY', '1');
  setDefault('ORT_GQA_DISABLE_FLASH_ATTENTION', '1');
}

function loadLibrary(path: string): LibraryHandle {
  try {
    return foreign.load(path);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new TitlesmithError(`ONNX Runtime cannot be loaded: ${said}.`, {
      code: 'installation',
      hint: reinstall,
      cause: error,
    });
  }
}

/** ONNX Runtime's C API, loaded once per thread. */
interface OrtApi {
  readonly version: string;
  /** The shared library's file. */
  readonly path: string;
  /** Referenced so that it is never collected: koffi would unload the library, which the functions do not reference. */
  readonly image: LibraryHandle;
  readonly functions: OrtFunctions;
  /** Throws the error of a status, if it is one, and frees it. */
  readonly check: (status: Status) => void;
}

function load(): OrtApi {
  configureRuntime();
  const path = otherRuntime ?? packagedRuntime().path;
  const image = loadLibrary(path);
  const base = foreign.decode(
    image.func('void* OrtGetApiBase()')(),
    foreign.struct({ getApi: 'void*', version: 'void*' }),
  );
  const bind = (pointer: Handle, result: string, parameters: string): unknown =>
    foreign.decode(
      pointer,
      foreign.proto(result, parameters === '' ? [] : parameters.split(', ').map(parameterType)),
    );
  const getApi = bind(base.getApi, 'void*', 'uint32_t') as (version: number) => Handle;
  const version = (bind(base.version, 'const char*', '') as () => string)();
  const count = Math.max(...Object.values(positions)) + 1;
  const pointers = foreign.decode(getApi(apiVersion), foreign.array('void*', count)) as Handle[];
  const functions = Object.fromEntries(
    Object.entries(declarations).map(([name, [result, parameters]]) => {
      const position = positions[name as keyof typeof positions];
      return [name, bind(pointers[position]!, result, parameters)];
    }),
  ) as unknown as OrtFunctions & {
    getErrorMessage(status: Handle): string;
    releaseStatus(status: Handle): void;
  };
  const check = (status: Status): void => {
    if (status === null) return;
    const message = functions.getErrorMessage(status);
    functions.releaseStatus(status);
    throw new Error(`ONNX Runtime: ${message}`);
  };
  return { version, path, image, functions, check };
}

function parameterType(declaration: string): ReturnType<typeof foreign.out> | string {
  const output = '_Out_ ';
  return declaration.startsWith(output) ? foreign.out(declaration.slice(output.length)) : declaration;
}

let loaded: OrtApi | undefined;
let otherRuntime: string | undefined;

/**
 * Uses a shared library of ONNX Runtime other than the package's in this thread.
 * @throws TitlesmithError if another one is in use, whose sessions and tensors this one would not know.
 */
export function useRuntime(path: string): void {
  if (loaded && loaded.path !== path) {
    throw new TitlesmithError(`ONNX Runtime was loaded from ${loaded.path} already, and not from ${path}.`, {
      code: 'engine-unsupported',
      hint: 'Open the engine on cuda before any other, or in a thread of its own.',
    });
  }
  otherRuntime = path;
}

/** @throws TitlesmithError where no library is here (`provideRuntime` fetches it), or for this system there is none. */
export function ortApi(): OrtApi {
  loaded ??= load();
  return loaded;
}

/** Calls a function that returns a handle through its last parameter. */
export function newHandle(make: (out: Out) => Status): Handle {
  const out: Out = [null];
  ortApi().check(make(out));
  return out[0]!;
}

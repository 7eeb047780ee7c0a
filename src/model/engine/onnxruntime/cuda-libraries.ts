import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TitlesmithError } from '../../../common/errors.js';
import { foreign, type LibraryHandle } from '../../../io/foreign-library.js';
import { packagedRuntime } from './find-runtime.js';
import { type Handle, ortApi, useRuntime } from './ort-api.js';

const providerName = 'libonnxruntime_providers_cuda.so';

/** The name that ONNX Runtime itself gives the provider; another would be another provider. */
const registrationName = 'CUDAExecutionProvider';

/** What ONNX Runtime says of a library that this process has registered before, from this thread or another. */
const registeredBefore = /already registered/;

/** A library that the provider needs and the system does not find, as the dynamic linker names it. */
const missingLibrary = /with error: \S*?([^/\s]+): cannot open shared object file/;

/** The driver's own library: it comes with the driver alone. */
const driverLibrary = 'libcuda.so.1';

/** Libraries that CUDA's provider loads by itself once it needs them, where the names carry their version. */
const loadedLater = /^lib(cudnn|nvrtc|cufft)\.so\.\d+$/;

/** Where ONNX Runtime's CUDA provider lies. */
interface CudaProvider {
  readonly provider: string;
  /** The ONNX Runtime that came with it, as a provider is looked for beside it; undefined: the package's own. */
  readonly runtime?: string;
}

const unavailable = (message: string, hint: string): TitlesmithError =>
  new TitlesmithError(message, { code: 'device-unavailable', hint });

const installWithPip = (version: string): string =>
  `Run pip install "onnxruntime-gpu[cuda,cudnn]==${version}" (250 MB, and 2 GB of CUDA's own libraries).`;

/**
 * Finds CUDA's provider: beside the package's ONNX Runtime, where its install script puts it, or in the onnxruntime-gpu
 * of a Python.
 * @param packaged version and shared library of the ONNX Runtime that is installed.
 * @param pythonFolders the folders that a Python imports from.
 * @throws TitlesmithError saying what is missing, or of another version.
 */
export function findCudaProvider(
  packaged: { readonly version: string; readonly path: string },
  pythonFolders: readonly string[],
): CudaProvider {
  const beside = join(dirname(packaged.path), providerName);
  if (existsSync(beside)) return { provider: beside };
  const folders = pythonFolders
    .map((folder) => join(folder, 'onnxruntime/capi'))
    .filter((folder) => existsSync(join(folder, providerName)));
  const runtimes = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^libonnxruntime\.so\.\d+\.\d+\.\d+$/.test(name))
      .map((name) => ({ folder, name, version: name.slice('libonnxruntime.so.'.length) })),
  );
  const found = runtimes.find(({ version }) => version === packaged.version);
  if (found) {
    return { provider: join(found.folder, providerName), runtime: join(found.folder, found.name) };
  }
  const [other] = runtimes;
  throw unavailable(
    other
      ? `onnxruntime-gpu ${other.version} in ${dirname(dirname(other.folder))} is not ONNX Runtime ${packaged.version}, which titlesmith runs.`
      : `ONNX Runtime's CUDA provider (${providerName}) is not installed.`,
    installWithPip(packaged.version),
  );
}

let askedPython: readonly string[] | undefined;

/**
 * The folders that a Python imports from: TITLESMITH_CUDA, which is one or names a Python, else those of `python3`; none
 * where there is none.
 */
function pythonFolders(): readonly string[] {
  if (askedPython) return askedPython;
  const named = process.env['TITLESMITH_CUDA'];
  if (named !== undefined && statSync(named, { throwIfNoEntry: false })?.isDirectory()) {
    askedPython = [named];
    return askedPython;
  }
  try {
    // The first is the working directory.
    const text = execFileSync(
      named ?? 'python3',
      ['-c', 'import json, sys; print(json.dumps(sys.path[1:]))'],
      {
        encoding: 'utf8',
        timeout: 20_000,
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    askedPython = JSON.parse(text) as string[];
  } catch (error) {
    if (named !== undefined) {
      const said = error instanceof Error ? error.message : String(error);
      throw unavailable(
        `TITLESMITH_CUDA ${JSON.stringify(named)} is neither a folder nor a Python that runs: ${said.split('\n')[0]}.`,
        'Set it to a Python with onnxruntime-gpu, or to the folder that its packages are in, or unset it.',
      );
    }
    askedPython = [];
  }
  return askedPython;
}

/** The folders in which NVIDIA's Python packages keep libraries: `nvidia/cublas/lib`, since CUDA 13 `nvidia/cu13/lib`. */
function nvidiaFolders(): string[] {
  return pythonFolders().flatMap((folder) => {
    const root = join(folder, 'nvidia');
    return existsSync(root) ? readdirSync(root).map((name) => join(root, name, 'lib')) : [];
  });
}

/** Referenced so that they are never unloaded. */
const loadedLibraries: LibraryHandle[] = [];

/** Loads a library so that those loaded after it find it by its name, wherever it lies. */
function loadForAll(path: string): void {
  loadedLibraries.push(foreign.load(path, { lazy: true, global: true }));
}

/** Loads what CUDA's provider looks for only later, from the system's path, else from NVIDIA's Python packages. */
function loadLaterOnes(): void {
  for (const folder of nvidiaFolders().filter(existsSync)) {
    for (const name of readdirSync(folder).filter((file) => loadedLater.test(file))) {
      try {
        loadForAll(name);
      } catch {
        loadForAll(join(folder, name));
      }
    }
  }
}

/** The error where the provider lacks a library. */
export function missingLibraryError(missing: string, version: string): TitlesmithError {
  if (missing === driverLibrary) {
    return unavailable(
      `there is no NVIDIA driver (${driverLibrary}).`,
      "Install NVIDIA's driver (580 or newer for CUDA 13); in a container, start it with the NVIDIA Container Toolkit (--gpus all).",
    );
  }
  return unavailable(`${providerName} needs ${missing}.`, installWithPip(version));
}

let isRegistered = false;

/**
 * Makes CUDA's provider known to ONNX Runtime, once a process, so that tensors can be copied to the card and back. The
 * libraries of CUDA that the system does not find are taken from where Python's packages have them, and nothing is
 * copied.
 * @param environment makes the process's environment; called once the ONNX Runtime to use is known.
 * @throws TitlesmithError saying what is missing, and what to do.
 */
export function registerCuda(environment: () => Handle): void {
  if (isRegistered) return;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw unavailable(
      `ONNX Runtime's CUDA provider is for Linux on x64, not ${process.platform} on ${process.arch}.`,
      'Take --device webgpu, which needs nothing but the driver of the card.',
    );
  }
  const packaged = packagedRuntime();
  const { provider, runtime } = findCudaProvider(
    packaged,
    existsSync(join(dirname(packaged.path), providerName)) ? [] : pythonFolders(),
  );
  if (runtime !== undefined) useRuntime(runtime);
  const { functions, check } = ortApi();
  const tried = new Set<string>();
  while (!isRegistered) {
    try {
      check(functions.registerExecutionProviderLibrary(environment(), registrationName, provider));
      isRegistered = true;
    } catch (error) {
      const { message } = error as Error;
      if (registeredBefore.test(message)) isRegistered = true;
      else {
        const missing = missingLibrary.exec(message)?.[1];
        if (missing === undefined) throw error;
        const path = nvidiaFolders()
          .map((folder) => join(folder, missing))
          .find(existsSync);
        if (path === undefined || tried.has(missing)) throw missingLibraryError(missing, packaged.version);
        tried.add(basename(path));
        loadForAll(path);
      }
    }
  }
  loadLaterOnes();
}

import { created, type Handle, ortLibrary } from './library.js';
import { largestWebGpuBuffer, webGpuSettings } from './limits.js';

/** Adds an execution provider to a session's options. @throws Error saying why the device cannot be used. */
export type AppendProvider = (options: Handle) => void;

/** What computes beside the processor. */
export interface Provider {
  readonly append: AppendProvider;
  /** ONNX Runtime's name for memory on the device. */
  readonly memoryName: string;
  /** Whether graphs must keep to the operators of WebGPU. */
  readonly isWebGpu: boolean;
  /** Bytes of the largest buffer to use. */
  readonly largestBuffer: () => number;
}

export type ProviderName = 'webgpu' | 'cuda';

/** @param settings of the provider, by ONNX Runtime's names for them. */
function appendByName(name: string, settings: Readonly<Record<string, string>>): AppendProvider {
  const [keys, values] = [Object.keys(settings), Object.values(settings)];
  return (options) => {
    const { functions, check } = ortLibrary();
    check(functions.sessionOptionsAppendExecutionProvider(options, name, keys, values, keys.length));
  };
}

function appendCuda(options: Handle): void {
  const { functions, check } = ortLibrary();
  const cuda = created((out) => functions.createCudaProviderOptions(out));
  try {
    check(functions.appendCudaExecutionProvider(options, cuda));
  } finally {
    functions.releaseCudaProviderOptions(cuda);
  }
}

/** Settings that ONNX Runtime knows. */
function providerSettings(): Readonly<Record<string, string>> {
  const { maxBufferSize: _, ...known } = webGpuSettings();
  return known;
}

export const providers: Readonly<Record<ProviderName, Provider>> = {
  webgpu: {
    append: (options) => appendByName('WebGPU', providerSettings())(options),
    memoryName: 'WebGPU_Buffer',
    isWebGpu: true,
    largestBuffer: largestWebGpuBuffer,
  },
  cuda: {
    append: appendCuda,
    memoryName: 'Cuda',
    isWebGpu: false,
    largestBuffer: () => Number.POSITIVE_INFINITY,
  },
};

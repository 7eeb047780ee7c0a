import { TitlesmithError } from '../../../common/errors.js';
import { created, type Handle, ortLibrary } from './library.js';

/** Adds an execution provider to a session's options. @throws Error saying why the device cannot be used. */
export type AppendProvider = (options: Handle) => void;

/** What computes beside the processor. */
export interface Provider {
  readonly append: AppendProvider;
  /** ONNX Runtime's name for memory on the device. */
  readonly memoryName: string;
  /** Whether graphs must keep to the operators of WebGPU. */
  readonly isWebGpu: boolean;
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

/**
 * Settings of WebGPU for tests, JSON in TITLESMITH_WEBGPU: `{"validationMode": "full"}` has every dispatch checked,
 * `{"maxStorageBufferBindingSize": "134217728"}` stands for a smaller card.
 */
function webGpuSettings(): Readonly<Record<string, string>> {
  const text = process.env['TITLESMITH_WEBGPU'];
  if (!text) return {};
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch (cause) {
    throw new TitlesmithError(`TITLESMITH_WEBGPU is not JSON: ${text}.`, { code: 'engine-settings', cause });
  }
}

export const providers: Readonly<Record<ProviderName, Provider>> = {
  webgpu: {
    append: (options) => appendByName('WebGPU', webGpuSettings())(options),
    memoryName: 'WebGPU_Buffer',
    isWebGpu: true,
  },
  cuda: { append: appendCuda, memoryName: 'Cuda', isWebGpu: false },
};

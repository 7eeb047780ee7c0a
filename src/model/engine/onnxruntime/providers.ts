import { TitlesmithError } from '../../../common/errors.js';
import type { OnnxTarget } from '../onnx/op-exporters.js';
import { webGpuTarget } from '../onnx/webgpu-ops.js';
import { type Handle, newHandle, ortApi } from './ort-api.js';
import { type VulkanLimits, vulkanDevices } from './vulkan.js';

/** Adds an execution provider to a session's options. @throws Error saying why the device cannot be used. */
export type AppendProvider = (options: Handle) => void;

/** What computes in place of the processor: one of ONNX Runtime's execution providers. */
export interface Provider {
  readonly append: AppendProvider;
  /** ONNX Runtime's name for memory on the device. */
  readonly memoryName: string;
  /** What graphs are written for, where it lacks operators of ONNX Runtime on the processor. */
  readonly target?: OnnxTarget;
  /** Bytes of the largest buffer to use. */
  readonly largestBuffer: () => number;
}

export type ProviderName = 'webgpu' | 'cuda';

/** @param settings of the provider, by ONNX Runtime's names for them. */
function appendByName(name: string, settings: Readonly<Record<string, string>>): AppendProvider {
  const [keys, values] = [Object.keys(settings), Object.values(settings)];
  return (options) => {
    const { functions, check } = ortApi();
    check(functions.sessionOptionsAppendExecutionProvider(options, name, keys, values, keys.length));
  };
}

function appendCuda(options: Handle): void {
  const { functions, check } = ortApi();
  const cuda = newHandle((out) => functions.createCudaProviderOptions(out));
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
    target: webGpuTarget,
    largestBuffer: largestWebGpuBuffer,
  },
  cuda: {
    append: appendCuda,
    memoryName: 'Cuda',
    largestBuffer: () => Number.POSITIVE_INFINITY,
  },
};

/** What every WebGPU device allows (WebGPU specification, "Limits"). */
const guaranteed: VulkanLimits = {
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxStorageBuffersPerShaderStage: 8,
};

/** Operands of elementwise operators, each of which may be as large as the largest buffer. */
const operands = 3;

/** Larger buffers are of no use: kernels count in 32 bits, and a driver may fail to give the most it claims to allow. */
const largestUseful = 2 ** 29;
/** What Dawn and the driver may add to a buffer. */
const padding = 2 ** 16;

/**
 * Settings of WebGPU for tests, JSON in TITLESMITH_WEBGPU: `{"validationMode": "full"}` has every dispatch checked;
 * `{"maxStorageBufferBindingSize": "134217728"}` and `{"maxBufferSize": "65536"}` stand for another card.
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

/** A limit for tests, in place of the card's. */
function setLimit(name: keyof VulkanLimits): number | undefined {
  const setting = webGpuSettings()[name];
  if (setting === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(setting)) {
    throw new TitlesmithError(`TITLESMITH_WEBGPU: ${name} ${setting} is no number of bytes.`, {
      code: 'engine-settings',
    });
  }
  return Number(setting);
}

/**
 * Bytes of the largest buffer to use by WebGPU. ONNX Runtime asks for the card's limits, but does not tell them: they are
 * read from the Vulkan driver, as Dawn does; without Vulkan they are what WebGPU guarantees. A buffer may be larger than
 * what one binding takes: ONNX Runtime binds it in several, of which a dispatch has only so many.
 */
function largestWebGpuBuffer(): number {
  const set = setLimit('maxBufferSize');
  if (set !== undefined) return set;
  const limits = readLimits();
  const binding = setLimit('maxStorageBufferBindingSize') ?? limits.maxStorageBufferBindingSize;
  const bindings = Math.floor(limits.maxStorageBuffersPerShaderStage / operands);
  return Math.min(largestUseful, limits.maxBufferSize - padding, binding * bindings);
}

/** The least of several cards: ONNX Runtime does not tell which one it computes on. */
function readLimits(): VulkanLimits {
  if (process.platform !== 'linux') return guaranteed;
  try {
    const devices = vulkanDevices();
    const cards = devices.filter(({ software }) => !software);
    const found = (cards.length > 0 ? cards : devices).map(({ limits }) => limits);
    if (found.length === 0) return guaranteed;
    const least = (name: keyof VulkanLimits): number =>
      Math.max(guaranteed[name], Math.min(...found.map((limits) => limits[name])));
    return {
      maxBufferSize: least('maxBufferSize'),
      maxStorageBufferBindingSize: least('maxStorageBufferBindingSize'),
      maxStorageBuffersPerShaderStage: least('maxStorageBuffersPerShaderStage'),
    };
  } catch {
    return guaranteed;
  }
}

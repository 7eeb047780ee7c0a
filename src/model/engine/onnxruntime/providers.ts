import { TitlesmithError } from '../../../common/errors.js';
import { cudaTarget } from '../onnx/cuda-ops.js';
import type { OnnxTarget } from '../onnx/op-exporters.js';
import { largestUsefulBuffer } from '../onnx/webgpu-limits.js';
import { webGpuTarget } from '../onnx/webgpu-ops.js';
import { cudaCard } from './cuda-driver.js';
import { registerCuda } from './cuda-libraries.js';
import { type Handle, newHandle, ortApi } from './ort-api.js';
import { type VulkanLimits, vulkanDevices } from './vulkan.js';

/** Adds an execution provider to a session's options. @throws Error saying why the device cannot be used. */
export type AppendProvider = (options: Handle) => void;

/** One of ONNX Runtime's execution providers, which computes instead of the processor. */
export interface Provider {
  /**
   * What must be done once a process before the provider is used.
   * @param environment makes the process's environment.
   */
  readonly prepare?: (environment: () => Handle) => void;
  readonly append: (options: Handle, settings: ProviderSettings) => void;
  /** ONNX Runtime's name for memory on the device. */
  readonly memoryName: string;
  /** How graphs are exported, if it lacks operators that ONNX Runtime has on the processor. */
  readonly target?: OnnxTarget;
  /** Size of the largest buffer to use, in bytes. */
  readonly largestBuffer: () => number;
  /** Whether its memory is addressed by bytes, so that a tensor can begin within another. */
  readonly isAddressable?: boolean;
  /** Whether it sums products of float16 in float32. */
  readonly sumsHalfInFloat32?: boolean;
  /** The card's compute capability, where CUDA's driver says it. */
  readonly computeCapability?: () => number | undefined;
}

/** How a session computes. */
interface ProviderSettings {
  /** Whether products of float32 may round their factors to TF32's 11 bits, as PyTorch's `allow_tf32`. */
  readonly allowTf32?: boolean;
}

export type ProviderName = 'webgpu' | 'cuda';

/** @param settings the provider's settings, under ONNX Runtime's names. */
function appendByName(name: string, settings: Readonly<Record<string, string>>): AppendProvider {
  const [keys, values] = [Object.keys(settings), Object.values(settings)];
  return (options) => {
    const { functions, check } = ortApi();
    check(functions.sessionOptionsAppendExecutionProvider(options, name, keys, values, keys.length));
  };
}

/**
 * CUDA rounds the factors of float32 products to TF32 unless it is told not to. Deterministic kernels are asked for, so
 * that a training that was stopped ends with the bytes of one that was not.
 */
function appendCuda(options: Handle, { allowTf32 = false }: ProviderSettings): void {
  const { functions, check } = ortApi();
  check(functions.setDeterministicCompute(options, true));
  const cuda = newHandle((out) => functions.createCudaProviderOptions(out));
  try {
    check(functions.updateCudaProviderOptions(cuda, ['use_tf32'], [allowTf32 ? '1' : '0'], 1));
    check(functions.appendCudaExecutionProvider(options, cuda));
  } finally {
    functions.releaseCudaProviderOptions(cuda);
  }
}

/** The settings that ONNX Runtime understands. */
function knownWebGpuSettings(): Readonly<Record<string, string>> {
  const { maxBufferSize: _, ...known } = webGpuSettings();
  return known;
}

export const providers: Readonly<Record<ProviderName, Provider>> = {
  webgpu: {
    append: (options) => appendByName('WebGPU', knownWebGpuSettings())(options),
    memoryName: 'WebGPU_Buffer',
    target: webGpuTarget,
    largestBuffer: largestWebGpuBuffer,
  },
  cuda: {
    prepare: registerCuda,
    append: appendCuda,
    memoryName: 'Cuda',
    target: cudaTarget,
    computeCapability: () => cudaCard()?.computeCapability,
    largestBuffer: () => Number.POSITIVE_INFINITY,
    isAddressable: true,
    sumsHalfInFloat32: true,
  },
};

/** What every WebGPU device allows (WebGPU specification, "Limits"). */
const guaranteed: VulkanLimits = {
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxStorageBuffersPerShaderStage: 8,
};

/**
 * Settings of WebGPU for tests, JSON in TITLESMITH_WEBGPU: `{"validationMode": "full"}` checks every dispatch;
 * `{"maxStorageBufferBindingSize": "134217728"}` and `{"maxBufferSize": "65536"}` simulate another card.
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

/** A limit set for tests instead of the card's. */
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
 * Size of the largest buffer to use with WebGPU, in bytes. ONNX Runtime requests the card's limits but does not
 * report them, so they are read from the Vulkan driver, as Dawn does; without Vulkan they are those WebGPU
 * guarantees.
 */
function largestWebGpuBuffer(): number {
  const set = setLimit('maxBufferSize');
  if (set !== undefined) return set;
  const limits = readLimits();
  const maxStorageBufferBindingSize =
    setLimit('maxStorageBufferBindingSize') ?? limits.maxStorageBufferBindingSize;
  return largestUsefulBuffer({ ...limits, maxStorageBufferBindingSize });
}

/** The lowest limits of all cards, as ONNX Runtime does not say which one it computes on. */
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

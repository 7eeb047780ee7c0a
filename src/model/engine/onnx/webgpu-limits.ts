/** What a device allows of the limits that matter here (WebGPU specification, "Limits"). */
export interface WebGpuLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxStorageBuffersPerShaderStage: number;
}

/** Most buffers of a binary elementwise operator (two operands and the result), each possibly of the largest size. */
const operands = 3;

/**
 * Larger buffers do not work reliably: kernels index in 32 bits, and drivers may fail to allocate the most they
 * report.
 */
const largestUseful = 2 ** 29;
/** Bytes that Dawn and the driver may add to a buffer. */
const padding = 2 ** 16;

/**
 * Size of the largest buffer to use, in bytes. A buffer may be larger than one binding: ONNX Runtime then binds it in
 * several, whose number per dispatch is limited.
 */
export function largestUsefulBuffer({
  maxBufferSize,
  maxStorageBufferBindingSize,
  maxStorageBuffersPerShaderStage,
}: WebGpuLimits): number {
  const bindings = Math.floor(maxStorageBuffersPerShaderStage / operands);
  return Math.min(largestUseful, maxBufferSize - padding, maxStorageBufferBindingSize * bindings);
}

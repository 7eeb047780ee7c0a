import type { WebGpuLimits } from '../onnx/webgpu-limits.js';

/** The part of WebGPU's interface that is used here (https://www.w3.org/TR/webgpu). */
export interface GpuBuffer {
  readonly size: number;
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  destroy(): void;
}

interface GpuCommandEncoder {
  copyBufferToBuffer(from: GpuBuffer, fromByte: number, to: GpuBuffer, toByte: number, bytes: number): void;
  finish(): object;
}

export interface GpuDevice {
  /** Resolves when the card can be used no more. */
  readonly lost: Promise<{ readonly message: string }>;
  readonly limits: WebGpuLimits;
  readonly queue: {
    writeBuffer(buffer: GpuBuffer, byte: number, data: ArrayBufferView): void;
    submit(commands: readonly object[]): void;
  };
  createBuffer(description: { readonly size: number; readonly usage: number }): GpuBuffer;
  createCommandEncoder(): GpuCommandEncoder;
  pushErrorScope(filter: 'validation' | 'out-of-memory'): void;
  popErrorScope(): Promise<{ readonly message: string } | null>;
}

interface GpuAdapter {
  readonly isFallbackAdapter?: boolean;
  readonly info?: {
    readonly vendor?: string;
    readonly architecture?: string;
    readonly isFallbackAdapter?: boolean;
  };
}

interface Gpu {
  requestAdapter(): Promise<GpuAdapter | null>;
}

/** GPUBufferUsage and GPUMapMode. */
export const bufferUsage = { mapRead: 1, copySource: 4, copyTarget: 8, storage: 128 } as const;
export const mapRead = 1;

/** A graphics card, as the browser describes it. */
interface GpuDescription {
  /** Vendor and architecture, as far as the browser says. */
  readonly name: string;
  /** Whether it is the processor, which emulates one. */
  readonly isSoftware: boolean;
}

/** The graphics card that WebGPU computes on; undefined where the browser has no WebGPU or no card for it. */
export async function describeGpu(): Promise<GpuDescription | undefined> {
  const { navigator } = globalThis as { readonly navigator?: { readonly gpu?: Gpu } };
  const adapter = await navigator?.gpu?.requestAdapter();
  if (!adapter) return undefined;
  const { vendor, architecture, isFallbackAdapter } = adapter.info ?? {};
  return {
    name: [vendor, architecture].filter((part) => part).join(' ') || 'a graphics card',
    isSoftware: isFallbackAdapter ?? adapter.isFallbackAdapter ?? false,
  };
}

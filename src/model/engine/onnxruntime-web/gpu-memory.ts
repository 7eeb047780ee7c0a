import { elementCount, formatShape, type Shape, type TensorSpecification } from '../../graph/shape.js';
import { type DeviceMemory, type DeviceTensor, isArray, type NumericArray, type Value } from '../engine.js';
import { allocateInChunks, chunksOfPair } from '../onnx/chunked-tensor.js';
import { elementBytes } from '../onnx/schema.js';
import { largestUsefulBuffer } from '../onnx/webgpu-limits.js';
import { explainDeviceError } from '../out-of-memory.js';
import type { Enqueue } from './gpu-queue.js';
import { bufferUsage, type GpuBuffer, type GpuDevice, mapRead } from './web-gpu.js';

/** ONNX Runtime reads and writes whole groups of four float32. */
const bufferStep = 16;

const rounded = (bytes: number, step: number): number => step * Math.ceil(bytes / step);

const bytesOf = ({ shape, dtype }: TensorSpecification): number => elementBytes[dtype] * elementCount(shape);

/** A tensor in a buffer of the graphics card. */
export class GpuTensor implements DeviceTensor {
  constructor(
    readonly specification: TensorSpecification,
    readonly buffer: GpuBuffer,
    /** Frees the buffer; of a view, nothing. */
    private readonly release: () => void,
    /** The tensor this is a view of; referenced so that its buffer is not freed. */
    readonly base?: GpuTensor,
  ) {}

  view(shape: Shape, offset = 0): GpuTensor {
    const { dtype, shape: own } = this.specification;
    if (offset !== 0 || elementCount(shape) > elementCount(own)) {
      const from = offset > 0 ? ` from element ${offset} on` : '';
      throw new RangeError(`a view ${formatShape(shape)} of ${formatShape(own)}${from}`);
    }
    return new GpuTensor({ shape, dtype }, this.buffer, () => {}, this.base ?? this);
  }

  /** @throws RangeError naming the tensor if it does not fit the specification. */
  check(name: string, { shape, dtype }: TensorSpecification, dynamicRows: boolean): void {
    const own = this.specification;
    const rows = dynamicRows ? (own.shape[0] ?? 1) : (shape[0] ?? 1);
    const expected = shape.length === 0 ? shape : shape.with(0, rows);
    const fits = rows > 0 && rows <= (shape[0] ?? 1);
    if (own.dtype === dtype && fits && formatShape(own.shape) === formatShape(expected)) return;
    throw new RangeError(
      `${name}: needs ${dtype}${formatShape(shape)}; received ${own.dtype}${formatShape(own.shape)} on the device`,
    );
  }

  dispose(): void {
    this.release();
  }
}

/** Tensors in buffers of the graphics card that ONNX Runtime computes on. */
export class GpuMemory implements DeviceMemory {
  readonly isAddressable = false;
  readonly largestBuffer: number;
  /** Frees the buffers of tensors that are garbage-collected without having been disposed of. */
  private readonly collected = new FinalizationRegistry<GpuBuffer>((buffer) => this.destroy(buffer));

  constructor(
    private readonly device: GpuDevice,
    private readonly enqueue: Enqueue,
  ) {
    this.largestBuffer = largestUsefulBuffer(device.limits);
  }

  /** Queued, as what was asked for before may still read it. */
  private destroy(buffer: GpuBuffer): void {
    void this.enqueue(async () => buffer.destroy());
  }

  allocate(specification: TensorSpecification): DeviceTensor {
    return allocateInChunks(specification, this.largestBuffer, (whole) => this.allocateBuffer(whole));
  }

  private allocateBuffer({ shape, dtype }: TensorSpecification): GpuTensor {
    const usage = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyTarget;
    const size = rounded(bytesOf({ shape, dtype }), bufferStep);
    const buffer = this.device.createBuffer({ size, usage });
    const tensor: GpuTensor = new GpuTensor({ shape, dtype }, buffer, () => {
      this.collected.unregister(tensor);
      this.destroy(buffer);
    });
    this.collected.register(tensor, buffer, tensor);
    return tensor;
  }

  /** Runs work, and throws what the card says of it. */
  private checked<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.enqueue(async () => {
      const { device } = this;
      device.pushErrorScope('validation');
      device.pushErrorScope('out-of-memory');
      let result: Result;
      let [shortage, fault]: ({ readonly message: string } | null)[] = [];
      try {
        result = await work();
      } finally {
        [shortage, fault] = [await device.popErrorScope(), await device.popErrorScope()];
      }
      if (shortage) throw explainDeviceError(new Error(`out of memory: ${shortage.message}`));
      if (fault) throw explainDeviceError(new Error(fault.message));
      return result;
    });
  }

  write(pairs: readonly (readonly [from: NumericArray, to: DeviceTensor])[]): Promise<void> {
    return this.checked(async () => {
      for (const [from, to] of pairs.flatMap((pair) => chunksOfPair(...pair))) {
        const [array, { buffer }] = [from as NumericArray, to as GpuTensor];
        checkLength(array, to as GpuTensor);
        // Copies are of whole groups of four bytes.
        const padded = new Uint8Array(rounded(array.byteLength, 4));
        padded.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
        this.device.queue.writeBuffer(buffer, 0, array.byteLength % 4 === 0 ? array : padded);
      }
    });
  }

  read(pairs: readonly (readonly [from: DeviceTensor, to: NumericArray])[]): Promise<void> {
    return this.checked(async () => {
      const { device } = this;
      const encoder = device.createCommandEncoder();
      const staged = pairs
        .flatMap((pair) => chunksOfPair(...pair))
        .map(([from, to]) => {
          const [tensor, array] = [from as GpuTensor, to as NumericArray];
          checkLength(array, tensor);
          const size = rounded(array.byteLength, 4);
          const staging = device.createBuffer({ size, usage: bufferUsage.mapRead | bufferUsage.copyTarget });
          encoder.copyBufferToBuffer(tensor.buffer, 0, staging, 0, size);
          return { array, staging };
        });
      device.queue.submit([encoder.finish()]);
      try {
        for (const { array, staging } of staged) {
          await staging.mapAsync(mapRead);
          const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
          bytes.set(new Uint8Array(staging.getMappedRange(), 0, array.byteLength));
        }
      } finally {
        for (const { staging } of staged) staging.destroy();
      }
    });
  }

  copyRow(
    pairs: readonly { readonly from: DeviceTensor; readonly to: DeviceTensor }[],
    fromRow: number,
    toRow: number,
  ): Promise<void> {
    return this.checked(async () => {
      const { device } = this;
      const encoder = device.createCommandEncoder();
      const passing: GpuBuffer[] = [];
      for (const pair of pairs) {
        const [from, to] = [pair.from as GpuTensor, pair.to as GpuTensor];
        const { shape, dtype } = from.specification;
        const bytes = bytesOf({ shape: shape.slice(1), dtype });
        let [source, start] = [from.buffer, fromRow * bytes];
        if (source === to.buffer) {
          // A buffer is not copied to itself.
          const usage = bufferUsage.copySource | bufferUsage.copyTarget;
          const between = device.createBuffer({ size: bytes, usage });
          encoder.copyBufferToBuffer(source, start, between, 0, bytes);
          passing.push(between);
          [source, start] = [between, 0];
        }
        encoder.copyBufferToBuffer(source, start, to.buffer, toRow * bytes, bytes);
      }
      device.queue.submit([encoder.finish()]);
      for (const buffer of passing) buffer.destroy();
    });
  }
}

function checkLength(array: Value, { specification }: GpuTensor): void {
  const wanted = elementCount(specification.shape);
  if (isArray(array) && array.length === wanted) return;
  throw new RangeError(`copy: needs ${specification.dtype}${formatShape(specification.shape)}`);
}

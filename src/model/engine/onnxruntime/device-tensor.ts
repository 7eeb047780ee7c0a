import { elementCount, formatShape, type Shape, type TensorSpecification } from '../../graph/shape.js';
import type { DeviceTensor } from '../engine.js';
import { elementBytes, onnxTypes } from '../onnx/schema.js';
import { type Handle, newHandle, ortApi } from './ort-api.js';

/** Schedules work; resolves to its result. */
export type Enqueue = <Result>(work: () => Promise<Result>) => Promise<Result>;

let lastQueued: Promise<unknown> = Promise.resolve();

/**
 * Runs calls on the device one at a time, in order: all sessions share one device context,
 * which only one thread may use at a time.
 */
export const enqueueOnDevice: Enqueue = (work) => {
  const result = lastQueued.then(work, work);
  lastQueued = result.catch(() => {});
  return result;
};

/** A runtime value that is created on first use, as creating it is work on the device. */
interface LazyValue {
  readonly make: () => Handle;
  handle?: Handle;
}

/** Queued, as the runtime's memory must not be touched during a run. */
function release(value: LazyValue): void {
  void enqueueOnDevice(async () => {
    if (value.handle !== undefined) ortApi().functions.releaseValue(value.handle);
  });
}

/** Releases tensors that are garbage-collected without having been disposed of. */
const collected = new FinalizationRegistry<LazyValue>(release);

/** A tensor in an execution provider's memory. */
export class OrtDeviceTensor implements DeviceTensor {
  private readonly value: LazyValue;

  /** @param make creates the runtime's value; called in the device queue. */
  constructor(
    readonly specification: TensorSpecification,
    make: () => Handle,
    /** Whether a view may begin after the first element. */
    private readonly isAddressable: boolean,
    /** The tensor this is a view of; referenced so that its memory is not released. */
    private readonly base?: OrtDeviceTensor,
  ) {
    this.value = { make };
    collected.register(this, this.value, this);
  }

  private get handle(): Handle {
    this.value.handle ??= this.value.make();
    return this.value.handle;
  }

  view(shape: Shape, offset = 0): OrtDeviceTensor {
    const { dtype } = this.specification;
    const isInside = offset + elementCount(shape) <= elementCount(this.specification.shape);
    if (!isInside || offset < 0 || (offset > 0 && !this.isAddressable)) {
      const from = offset > 0 ? ` from element ${offset} on` : '';
      throw new RangeError(`a view ${formatShape(shape)} of ${formatShape(this.specification.shape)}${from}`);
    }
    const make = (): Handle => {
      const { functions } = ortApi();
      const address = newHandle((out) => functions.getTensorMutableData(this.handle, out));
      // The whole's own: CUDA's allocator describes its memory otherwise than a description made here, and tensors of
      // different descriptions are not copied in one call.
      const memory = newHandle((out) => functions.getTensorMemoryInfo(this.handle, out));
      return newHandle((out) =>
        functions.createTensorWithDataAsOrtValue(
          memory,
          address + BigInt(elementBytes[dtype] * offset),
          elementBytes[dtype] * elementCount(shape),
          BigInt64Array.from(shape, BigInt),
          shape.length,
          onnxTypes[dtype],
          out,
        ),
      );
    };
    return new OrtDeviceTensor({ shape, dtype }, make, this.isAddressable, this.base ?? this);
  }

  /**
   * The runtime's value; called in the device queue.
   * @throws RangeError naming the tensor if it does not fit the specification.
   */
  handleFor(name: string, { shape, dtype }: TensorSpecification, dynamicRows: boolean): Handle {
    const own = this.specification;
    const rows = dynamicRows ? (own.shape[0] ?? 1) : (shape[0] ?? 1);
    const expectedShape = shape.length === 0 ? shape : shape.with(0, rows);
    const fits = rows > 0 && rows <= (shape[0] ?? 1);
    if (own.dtype !== dtype || !fits || formatShape(own.shape) !== formatShape(expectedShape)) {
      throw new RangeError(
        `${name}: needs ${dtype}${formatShape(shape)}; received ${own.dtype}${formatShape(own.shape)} on the device`,
      );
    }
    return this.handle;
  }

  dispose(): void {
    collected.unregister(this);
    release(this.value);
  }
}

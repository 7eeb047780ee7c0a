import type { Chunk } from '../../graph/chunks.js';
import { elementCount, formatShape, type Shape, type TensorSpecification } from '../../graph/shape.js';
import type { DeviceTensor } from '../engine.js';
import { elementBytes, onnxTypes } from '../onnx/schema.js';
import { type Handle, newHandle, ortApi } from './ort-api.js';

/** Does some work when it is its turn. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * One after the other, in the order asked for: sessions on a device share one context of it, which several threads must
 * not use at a time.
 */
export const onDevice: InTurn = (work) => {
  const turn = lastTurn.then(work, work);
  lastTurn = turn.catch(() => {});
  return turn;
};

/** A value of the runtime's, made when it is first used: making it is work on the device. */
interface Lazy {
  readonly make: () => Handle;
  handle?: Handle;
}

/** In turn: the runtime's memory must not be touched while something runs. */
function release(value: Lazy): void {
  void onDevice(async () => {
    if (value.handle !== undefined) ortApi().functions.releaseValue(value.handle);
  });
}

/** Releases tensors that are collected without having been disposed of. */
const collected = new FinalizationRegistry<Lazy>(release);

/** A tensor in memory of an execution provider. */
export class OrtDeviceTensor implements DeviceTensor {
  private readonly value: Lazy;

  /**
   * @param make makes the runtime's value, in a turn on the device.
   * @param memory describes where the tensor lies.
   */
  constructor(
    readonly specification: TensorSpecification,
    make: () => Handle,
    private readonly memory: Handle,
    /** What the tensor is a view of, held so that its memory is. */
    private readonly base?: OrtDeviceTensor,
  ) {
    this.value = { make };
    collected.register(this, this.value, this);
  }

  private get handle(): Handle {
    this.value.handle ??= this.value.make();
    return this.value.handle;
  }

  view(shape: Shape): OrtDeviceTensor {
    const { dtype } = this.specification;
    if (elementCount(shape) > elementCount(this.specification.shape)) {
      throw new RangeError(`a view ${formatShape(shape)} of ${formatShape(this.specification.shape)}`);
    }
    const make = (): Handle => {
      const { functions } = ortApi();
      const address = newHandle((out) => functions.getTensorMutableData(this.handle, out));
      return newHandle((out) =>
        functions.createTensorWithDataAsOrtValue(
          this.memory,
          address,
          elementBytes[dtype] * elementCount(shape),
          BigInt64Array.from(shape, BigInt),
          shape.length,
          onnxTypes[dtype],
          out,
        ),
      );
    };
    return new OrtDeviceTensor({ shape, dtype }, make, this.memory, this.base ?? this);
  }

  /** The runtime's value; called in a turn on the device. @throws RangeError naming it where it does not fit the specification. */
  handleFor(name: string, { shape, dtype }: TensorSpecification, dynamicRows: boolean): Handle {
    const own = this.specification;
    const rows = dynamicRows ? (own.shape[0] ?? 1) : (shape[0] ?? 1);
    const wanted = shape.length === 0 ? shape : shape.with(0, rows);
    const fits = rows > 0 && rows <= (shape[0] ?? 1);
    if (own.dtype !== dtype || !fits || formatShape(own.shape) !== formatShape(wanted)) {
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

/** A tensor too large for one buffer: its chunks, one after the other along the first axis. */
export class ChunkedDeviceTensor implements DeviceTensor {
  constructor(
    readonly specification: TensorSpecification,
    readonly chunks: readonly { readonly chunk: Chunk; readonly tensor: OrtDeviceTensor }[],
  ) {}

  view(shape: Shape): DeviceTensor {
    throw new RangeError(
      `a view ${formatShape(shape)} of ${formatShape(this.specification.shape)}, which is held in chunks`,
    );
  }

  dispose(): void {
    for (const { tensor } of this.chunks) tensor.dispose();
  }
}

import { elementCount, formatShape, type Shape, type TensorSpecification } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';

/**
 * Values of a tensor: float32, int32, int8, or float16 as its 16 bits; row-major. The shape is known from the graph.
 */
export type NumericArray = Float32Array | Int32Array | Int8Array | Uint16Array;

/**
 * A tensor on an engine's device, which programs of that engine read and write in place. Its memory is released on
 * `dispose` or, at the latest, some time after nothing refers to it.
 */
export interface DeviceTensor {
  readonly specification: TensorSpecification;
  /**
   * A view of the same memory, with another shape of at most as many elements; valid until either is disposed of.
   * @param offset of its first element. Default: 0, the only one where memory is not `isAddressable`.
   * @throws RangeError if the tensor has no such view.
   */
  view(shape: Shape, offset?: number): DeviceTensor;
  dispose(): void;
}

/** An input or output of a program: an array of this process, or a tensor on the engine's own device. */
export type Value = NumericArray | DeviceTensor;

/** Memory separate from this process's, such as a graphics card's. */
export interface DeviceMemory {
  /**
   * Size of the largest single buffer, in bytes. Larger tensors are held in chunks; `compile` throws if an op cannot be
   * computed in chunks.
   */
  readonly largestBuffer: number;
  /**
   * Whether memory has addresses, as this process's has: a view may begin at any element, and programs may write what
   * they read by the rule for arrays. WebGPU's buffers are not such memory.
   */
  readonly isAddressable: boolean;
  /** Allocates a tensor; its memory is taken on first use, its values are undefined until written. */
  allocate(specification: TensorSpecification): DeviceTensor;
  write(pairs: readonly (readonly [from: NumericArray, to: DeviceTensor])[]): Promise<void>;
  read(pairs: readonly (readonly [from: DeviceTensor, to: NumericArray])[]): Promise<void>;
  /**
   * Copies a row (an index of the first axis) of each `from` over a row of its `to`, whose rows have the same size.
   * Done before any later operation, even if not awaited.
   */
  copyRow(
    pairs: readonly { readonly from: DeviceTensor; readonly to: DeviceTensor }[],
    fromRow: number,
    toRow: number,
  ): Promise<void>;
}

export interface CompileOptions {
  /**
   * Values of inputs that never change, by input name: the engine may copy, transpose or pack them once, and `run`
   * does not take them. The arrays must not change as long as the program exists; the engine keeps those it still
   * reads.
   */
  readonly constants?: ReadonlyMap<string, NumericArray>;
  /**
   * Inputs and outputs that may have fewer rows (axis 0) in a run than the graph says, with the name of that axis:
   * axes of the same name have the same size in a run. No op between them may have a size as an attribute (`reshape`,
   * `broadcastTo`, `split`).
   */
  readonly dynamicAxes?: Readonly<Record<string, { readonly 0: string }>>;
  /**
   * Whether products of float32 may round their factors to TF32 (the exponent of float32, a significand of 11 bits),
   * on a device that has it; sums stay float32. Default: false.
   */
  readonly allowTf32?: boolean;
}

/** A compiled graph. */
export interface Program {
  /**
   * Runs the graph once.
   * @param feeds a value for each input, by name, of the input's element count (a whole number of rows where their
   *   number is dynamic).
   * @param results an array for each output, by name; written in place. An output may share the memory of an input
   *   only if every op between the two is elementwise, or is cachedAttention with its own cache; on a device whose memory
   *   is not `isAddressable`, only the latter.
   * @throws RangeError when a name is unknown or missing, or an array has the wrong type or length.
   */
  run(feeds: Readonly<Record<string, Value>>, results: Readonly<Record<string, Value>>): Promise<void>;
  dispose(): Promise<void>;
}

/** Compiles and runs graphs. A new engine is one file and one line in the engine tests. */
export interface Engine {
  /** For example `onnxruntime cpu`; printed and recorded. */
  readonly name: string;
  /** Of an NVIDIA card, as one number: 7.5 is Turing, 8 Ampere, 9 Hopper. Undefined elsewhere. */
  readonly computeCapability?: number;
  /** Whether products of float16 are summed in float32, as matrix units do; else in float16. Default: false. */
  readonly sumsHalfInFloat32?: boolean;
  /** Where tensors can stay between runs; undefined if programs work in this process's own memory. */
  readonly memory?: DeviceMemory;
  /** @param outputs the tensors to compute, by the name of their results. */
  compile(outputs: Readonly<Record<string, Tensor>>, options?: CompileOptions): Promise<Program>;
}

function typeOf(array: NumericArray): string {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Uint16Array) return 'float16';
  return array instanceof Int32Array ? 'int32' : 'int8';
}

/** Whether a value is in this process's memory. */
export function isArray(value: Value): value is NumericArray {
  return ArrayBuffer.isView(value);
}

/**
 * The shape that an array has in a run.
 * @param dynamicRows whether it may have fewer rows than specified.
 * @throws RangeError naming it when it is missing, or of another type or size.
 */
export function checkedShape(
  name: string,
  array: NumericArray | undefined,
  { shape, dtype }: TensorSpecification,
  dynamicRows: boolean,
): Shape {
  const rowSize = elementCount(shape.slice(1));
  const rows = dynamicRows && array ? array.length / rowSize : (shape[0] ?? 1);
  const fits = Number.isInteger(rows) && rows > 0 && rows <= (shape[0] ?? 1);
  if (!array || typeOf(array) !== dtype || !fits || array.length !== rows * rowSize) {
    const received = array ? `${typeOf(array)} of ${array.length} elements` : 'nothing';
    throw new RangeError(`${name}: needs ${dtype}${formatShape(shape)}; received ${received}`);
  }
  return shape.length === 0 ? shape : shape.with(0, rows);
}

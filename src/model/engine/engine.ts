import { elementCount, formatShape, type Shape, type TensorSpecification } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';

/**
 * Numbers a graph is run with: float32, int32, int8, or float16 as its 16 bits; row-major, their shape known from the
 * graph.
 */
export type NumericArray = Float32Array | Int32Array | Int8Array | Uint16Array;

/**
 * Numbers on an engine's device, which programs of that engine read and write where they are. Given back when it is
 * disposed of or, at the latest, some time after nothing refers to it.
 */
export interface DeviceTensor {
  readonly specification: TensorSpecification;
  /**
   * The same memory under another shape, of at most as many elements, from the first element on; valid until either is
   * disposed of.
   */
  view(shape: Shape): DeviceTensor;
  dispose(): void;
}

/** What programs are fed with and write to: arrays of this process, or tensors of the engine's own device. */
export type Value = NumericArray | DeviceTensor;

/** Memory that lies apart from this process's, such as a graphics card's. */
export interface DeviceMemory {
  /**
   * Bytes of the largest tensor that is one buffer there. Larger ones are held in parts; of operators that cannot work
   * with those, `compile` says so.
   */
  readonly largestBuffer: number;
  /** Room for a tensor, taken when it is first used; its values are undefined until they are written. */
  allocate(specification: TensorSpecification): DeviceTensor;
  write(pairs: readonly (readonly [from: NumericArray, to: DeviceTensor])[]): Promise<void>;
  read(pairs: readonly (readonly [from: DeviceTensor, to: NumericArray])[]): Promise<void>;
  /**
   * Copies a row (an element of the first axis) of each `from` over a row of its `to`, whose rows are as large. Done
   * before whatever is asked for afterwards, waited for or not.
   */
  copyRow(
    pairs: readonly { readonly from: DeviceTensor; readonly to: DeviceTensor }[],
    fromRow: number,
    toRow: number,
  ): Promise<void>;
}

export interface CompileOptions {
  /**
   * Values of inputs that never change: the engine may copy, transpose or pack them once, and `run` does not take them.
   * Keyed by input name. The arrays must not be changed while the program lives; the engine holds those it still reads.
   */
  readonly constants?: ReadonlyMap<string, NumericArray>;
  /**
   * Inputs and outputs that may have fewer rows (axis 0) in a run than the graph says, with the name of that axis: axes
   * of one name have one size in a run. No op may lie between that names a size (`reshape`, `broadcastTo`, `split`).
   */
  readonly dynamicAxes?: Readonly<Record<string, { readonly 0: string }>>;
}

/** A graph made ready to run. */
export interface Program {
  /**
   * Runs the graph once.
   * @param feeds a value for each input, by name, of the input's element count (a whole number of rows where their
   *   number is dynamic).
   * @param results an array for each output, by name; written in place. An output may be given the memory of an input
   *   only where every op between the two works element by element, or is cachedAttention with its own cache; on a
   *   device, only the latter.
   * @throws RangeError when a name is unknown or missing, or an array has the wrong type or length.
   */
  run(feeds: Readonly<Record<string, Value>>, results: Readonly<Record<string, Value>>): Promise<void>;
  dispose(): Promise<void>;
}

/** Something that runs graphs. A new one is one file and one line in the engine tests. */
export interface Engine {
  /** For example `onnxruntime cpu`. Printed and recorded. */
  readonly name: string;
  /** Where tensors stay between runs; undefined where programs work in this process's own memory. */
  readonly memory?: DeviceMemory;
  /** @param outputs the tensors wanted, by the name their results are given under. */
  compile(outputs: Readonly<Record<string, Tensor>>, options?: CompileOptions): Promise<Program>;
}

function typeOf(array: NumericArray): string {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Uint16Array) return 'float16';
  return array instanceof Int32Array ? 'int32' : 'int8';
}

/** Whether a value lies in this process's memory. */
export function isArray(value: Value): value is NumericArray {
  return ArrayBuffer.isView(value);
}

/**
 * The shape an array is given for in a run.
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

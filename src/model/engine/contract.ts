import type { Tensor } from '../graph/tensor.js';

/** Numbers a graph is run with: float32 or int32, row-major, their shape known from the graph. */
export type NumericArray = Float32Array | Int32Array;

export interface CompileOptions {
  /**
   * Values of inputs that never change: the engine may copy, transpose or pack them once, and `run` does not take them.
   * Keyed by input name.
   */
  readonly constants?: ReadonlyMap<string, NumericArray>;
}

/** A graph made ready to run. */
export interface Program {
  /**
   * Runs the graph once.
   * @param feeds a value for each input, by name, of the input's element count.
   * @param results an array for each output, by name; written in place. An output may be given the memory of an input
   *   only where every op between the two works element by element.
   * @throws RangeError when a name is unknown or missing, or an array has the wrong type or length.
   */
  run(
    feeds: Readonly<Record<string, NumericArray>>,
    results: Readonly<Record<string, NumericArray>>,
  ): Promise<void>;
  dispose(): Promise<void>;
}

/** Something that runs graphs. A new one is one file and one line in the engine tests. */
export interface Engine {
  /** For example `onnxruntime cpu`. Printed and recorded. */
  readonly name: string;
  /** @param outputs the tensors wanted, by the name their results are given under. */
  compile(outputs: Readonly<Record<string, Tensor>>, options?: CompileOptions): Promise<Program>;
}

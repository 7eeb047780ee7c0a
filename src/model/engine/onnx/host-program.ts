import { elementCount, type TensorSpecification } from '../../graph/shape.js';
import { inputsOf, type OpNode, type Tensor, topologicalOrder } from '../../graph/tensor.js';
import { type CompileOptions, checkedShape, type NumericArray, type Program } from '../engine.js';
import { exportOnnx } from './export.js';
import type { OnnxTarget } from './op-exporters.js';
import type { OnnxModel } from './writer.js';
import { planZeroCopy, type ZeroCopyPlan } from './zero-copy.js';

type Outputs = Readonly<Record<string, Tensor>>;
type Arrays = Readonly<Record<string, NumericArray>>;

/** A weight's values. */
export interface Constant {
  readonly array: NumericArray;
  readonly specification: TensorSpecification;
}

/** A model, and what a session of a runtime must know to run it on arrays. */
export interface HostModel {
  readonly model: OnnxModel;
  /** What it reads and writes, in the order of its inputs and outputs. */
  readonly inputs: ReadonlyMap<string, TensorSpecification>;
  readonly outputs: ReadonlyMap<string, TensorSpecification>;
  /** Values of the model's weights. */
  readonly constants: ReadonlyMap<string, Constant>;
  /** Names of inputs and outputs that may have fewer rows than specified. */
  readonly dynamicRows: ReadonlySet<string>;
  /** Names of constants that a runtime packs into memory of its own when it loads the model. */
  readonly packed: ReadonlySet<string>;
}

/** A loaded model, which runs on arrays of this process. */
interface HostSession {
  run(feeds: Arrays, results: Arrays): Promise<void>;
  dispose(): Promise<void>;
}

/**
 * Compiles a graph for a runtime that reads and writes this process's arrays.
 * @param open loads the model.
 * @param target the runtime, if it is not ONNX Runtime on the processor.
 * @throws RangeError for a constant that the graph does not have.
 */
export async function compileHostProgram(
  outputs: Outputs,
  { constants, dynamicAxes = {} }: CompileOptions,
  open: (model: HostModel) => Promise<HostSession>,
  target?: OnnxTarget,
): Promise<Program> {
  const fixedNames = new Set([...(constants?.keys() ?? []), ...Object.keys(dynamicAxes)]);
  const plan = planZeroCopy(outputs, fixedNames);
  const inputs = inputsOf(Object.values(outputs));
  const read = inputsOf(Object.values(plan.outputs));
  const fixed = new Map<string, Constant>();
  for (const [name, array] of constants ?? []) {
    const specification = inputs.get(name);
    if (!specification) throw new RangeError(`${name}: the graph has no such input`);
    fixed.set(name, { array, specification });
    inputs.delete(name);
    read.delete(name);
  }
  const model = exportOnnx(plan.outputs, {
    constants: new Set(fixed.keys()),
    dynamicAxes,
    splitInputs: plan.splitInputs,
    ...(target ? { target } : {}),
  });
  for (const [node, names] of plan.splitInputs)
    for (const [index, name] of names.entries()) read.set(name, node.outputs[index]!);
  const session = await open({
    model,
    inputs: read,
    outputs: new Map(Object.entries(plan.outputs)),
    constants: fixed,
    dynamicRows: new Set(Object.keys(dynamicAxes)),
    packed: packedConstants(outputs),
  });
  return new HostProgram(session, inputs, new Map(Object.entries(outputs)), plan);
}

/** Whether a graph has products of 8-bit weights. */
export function hasQuantizedProducts(outputs: Outputs): boolean {
  return topologicalOrder(Object.values(outputs)).some(({ op }) => op === 'quantizedMatmul');
}

/**
 * Names of inputs that are only used as the right factor of matrix products: as constants, the runtime packs them into
 * its own memory when it loads the model, and does not read them again.
 */
function packedConstants(outputs: Outputs): ReadonlySet<string> {
  const [packed, other] = [new Set<Tensor>(), new Set<Tensor>(Object.values(outputs))];
  for (const { op, inputs } of topologicalOrder(Object.values(outputs))) {
    const isProduct = op === 'matmul' && inputs.every(({ shape }) => shape.length === 2);
    for (const [index, tensor] of inputs.entries()) {
      // What is in 8 bits is nothing else.
      const isFactor = tensor.dtype === 'int8' || (isProduct && index === 1);
      (isFactor ? packed : other).add(tensor);
    }
  }
  const names = [...packed].flatMap((tensor) => {
    const { node } = tensor;
    return node.op === 'input' && !other.has(tensor) ? [(node as OpNode<'input'>).attributes.name] : [];
  });
  return new Set(names);
}

class HostProgram implements Program {
  /** Buffers for row updates, reused by the next run; undefined while a run uses them. */
  private updateBuffers: Record<string, Float32Array> | undefined;

  constructor(
    private readonly session: HostSession,
    private readonly inputs: ReadonlyMap<string, TensorSpecification>,
    private readonly outputs: ReadonlyMap<string, TensorSpecification>,
    private readonly plan: ZeroCopyPlan,
  ) {}

  async run(feeds: Arrays, results: Arrays): Promise<void> {
    const unknown = Object.keys(feeds).find((name) => !this.inputs.has(name));
    if (unknown !== undefined) throw new RangeError(`${unknown}: the graph has no such input`);
    const updates = this.updateBuffers ?? this.allocateUpdates();
    this.updateBuffers = undefined;
    const read: Record<string, NumericArray> = { ...feeds };
    const written: Record<string, NumericArray> = { ...results, ...updates };
    for (const [name, { array, start, end }] of this.plan.views) {
      const isInput = this.inputs.has(array);
      const [arrays, specifications] = isInput ? [feeds, this.inputs] : [results, this.outputs];
      checkedShape(array, arrays[array], specifications.get(array)!, false);
      (isInput ? read : written)[name] = arrays[array]!.subarray(start, end);
    }
    await this.session.run(read, written);
    for (const name of this.plan.empty) results[name]!.fill(0);
    for (const { output, updates: name, indices } of this.plan.additions) {
      const rows = feeds[indices.array]!.subarray(indices.start, indices.end);
      addRows(results[output] as Float32Array, updates[name]!, rows as Int32Array);
    }
    this.updateBuffers = updates;
  }

  private allocateUpdates(): Record<string, Float32Array> {
    const { additions, outputs } = this.plan;
    return Object.fromEntries(
      additions.map(({ updates }) => [updates, new Float32Array(elementCount(outputs[updates]!.shape))]),
    );
  }

  async dispose(): Promise<void> {
    await this.session.dispose();
  }
}

/** Adds each row of `updates` [N,C] to the row of `table` [V,C] at its index. */
function addRows(table: Float32Array, updates: Float32Array, indices: Int32Array): void {
  const width = updates.length / indices.length;
  for (const [row, index] of indices.entries()) {
    const [from, to] = [row * width, index * width];
    for (let column = 0; column < width; column++) table[to + column]! += updates[from + column]!;
  }
}

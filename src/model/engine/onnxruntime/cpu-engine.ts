import { type ArgumentRules, checkArguments } from '../../../options/call-arguments.js';
import { deviceOptions } from '../../../options/table/model.js';
import { input, quantizedMatmul } from '../../graph/builder.js';
import { elementCount, type TensorSpecification } from '../../graph/shape.js';
import { inputsOf, type OpNode, type Tensor, topologicalOrder } from '../../graph/tensor.js';
import {
  type CompileOptions,
  checkedShape,
  type Engine,
  type NumericArray,
  type Program,
} from '../engine.js';
import { exportOnnx } from '../onnx/export.js';
import { provideRuntime } from './fetch-runtime.js';
import { type Constant, OrtSession } from './session.js';
import { planZeroCopy, type ZeroCopyPlan } from './zero-copy.js';

type Outputs = Readonly<Record<string, Tensor>>;

export interface OnnxRuntimeOptions {
  /**
   * Threads of one run; undefined: one per physical core. All sessions of the process share one pool, whose size the
   * first engine of the process sets.
   */
  readonly threads?: number | undefined;
  /**
   * Path prefix of a file for each program, written when it is disposed of: every operator's times in Chrome's trace
   * format.
   */
  readonly profile?: string | undefined;
}

/** What each of {@link OnnxRuntimeOptions} may be. */
const engineArguments: ArgumentRules = { threads: deviceOptions.threads, profile: { type: 'path' } };

/**
 * ONNX Runtime on the CPU through its C API: the Node binding copies every output into new memory after each run,
 * which for the gradients of a 124M-parameter model is half a gigabyte a step. `run` works off the calling thread.
 * @throws TitlesmithError `usage` when an option is unknown or wrong.
 */
export function createOnnxRuntimeEngine(options: OnnxRuntimeOptions = {}): Engine {
  const { threads, profile } = checkArguments('createOnnxRuntimeEngine', options, engineArguments);
  const compile = async (
    outputs: Outputs,
    options: CompileOptions,
    unsignedWeights: boolean,
  ): Promise<Program> => {
    const { constants, dynamicAxes = {} } = options;
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
    });
    const sessionOptions = {
      threads: threads ?? 0,
      constants: fixed,
      dynamicRows: new Set(Object.keys(dynamicAxes)),
      packed: packedConstants(outputs),
      unsignedWeights,
      profile,
    };
    for (const [node, names] of plan.splitInputs)
      for (const [index, name] of names.entries()) read.set(name, node.outputs[index]!);
    const written = new Map(Object.entries(plan.outputs));
    const session = await OrtSession.open(model, read, written, sessionOptions);
    return new CpuProgram(session, inputs, new Map(Object.entries(outputs)), plan);
  };
  let saturates: Promise<boolean> | undefined;
  return {
    name: 'onnxruntime cpu',
    compile: async (outputs, options = {}) => {
      await provideRuntime();
      const quantized = topologicalOrder(Object.values(outputs)).some(({ op }) => op === 'quantizedMatmul');
      if (quantized) saturates ??= int8Saturates((probe, constants) => compile(probe, { constants }, false));
      return compile(outputs, options, quantized && (await saturates) === true);
    },
  };
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

type Arrays = Readonly<Record<string, NumericArray>>;

class CpuProgram implements Program {
  /** Buffers for row updates, reused by the next run; undefined while a run uses them. */
  private updateBuffers: Record<string, Float32Array> | undefined;

  constructor(
    private readonly session: OrtSession,
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

/**
 * Whether the runtime's 8-bit products are wrong on this processor for the largest values: its AVX2 code without VNNI
 * adds two products in 16 bits, where they saturate.
 * @param compile compiles a graph with its constants.
 */
export async function int8Saturates(
  compile: (
    outputs: Record<string, Tensor>,
    constants: ReadonlyMap<string, NumericArray>,
  ) => Promise<Program>,
): Promise<boolean> {
  const [inner, columns] = [64, 16];
  const product = quantizedMatmul(
    input('x', [1, inner]),
    input('w', [inner, columns], 'int8'),
    input('scales', [columns]),
  );
  const constants = new Map<string, NumericArray>([
    ['w', new Int8Array(inner * columns).fill(127)],
    ['scales', new Float32Array(columns).fill(1)],
  ]);
  const program = await compile({ product }, constants);
  const result = new Float32Array(columns);
  try {
    await program.run({ x: new Float32Array(inner).fill(1) }, { product: result });
  } finally {
    await program.dispose();
  }
  const expected = inner * 127;
  return result.some((value) => Math.abs(value / expected - 1) > 1e-3);
}

import { topologicalOrder } from '../graph/order.js';
import type { TensorSpecification } from '../graph/shape.js';
import type { OpNode, Tensor } from '../graph/tensor.js';
import type { CompileOptions, Engine, NumericArray, Program } from './contract.js';
import { exportOnnx } from './onnx/export.js';
import { productsSaturate } from './onnx/saturation.js';
import { OrtSession } from './onnx/session.js';

type Outputs = Readonly<Record<string, Tensor>>;

export interface OnnxRuntimeOptions {
  /**
   * Threads of one run; undefined: one for each physical core. All sessions of the process share one pool, whose size
   * the first engine of the process decides.
   */
  readonly threads?: number | undefined;
  /**
   * Beginning of the path of a file for each program, written as it is disposed of: times of every operator, in Chrome's
   * trace format.
   */
  readonly profile?: string | undefined;
}

/**
 * ONNX Runtime on the CPU, by its C API: the Node binding copies every output into new memory after each run, which for
 * the gradients of a 124M-parameter model is half a gigabyte a step. `run` works off the calling thread.
 */
export function createOnnxRuntimeEngine({ threads, profile }: OnnxRuntimeOptions = {}): Engine {
  const compile = async (
    outputs: Outputs,
    options: CompileOptions,
    unsignedWeights: boolean,
  ): Promise<Program> => {
    const { constants, freeRows = {} } = options;
    const inputs = inputSpecifications(outputs);
    const fixed = new Map<string, { array: NumericArray; specification: TensorSpecification }>();
    for (const [name, array] of constants ?? []) {
      const specification = inputs.get(name);
      if (!specification) throw new RangeError(`${name}: the graph has no such input`);
      fixed.set(name, { array, specification });
      inputs.delete(name);
    }
    const model = exportOnnx(outputs, new Set(fixed.keys()), freeRows);
    const sessionOptions = {
      threads: threads ?? 0,
      constants: fixed,
      freeRows: new Set(Object.keys(freeRows)),
      packed: packedConstants(outputs),
      unsignedWeights,
      profile,
    };
    const wanted = new Map(Object.entries(outputs));
    return new OnnxRuntimeProgram(await OrtSession.open(model, inputs, wanted, sessionOptions));
  };
  let saturates: Promise<boolean> | undefined;
  return {
    name: 'onnxruntime cpu',
    compile: async (outputs, options = {}) => {
      const quantized = topologicalOrder(Object.values(outputs)).some(({ op }) => op === 'quantizedMatmul');
      if (quantized)
        saturates ??= productsSaturate((probe, constants) => compile(probe, { constants }, false));
      return compile(outputs, options, quantized && (await saturates) === true);
    },
  };
}

/**
 * Inputs that are nothing but the right factor of matrix products: as constants they are packed into memory of the
 * runtime's own when the model is loaded, and not read again.
 */
function packedConstants(outputs: Outputs): ReadonlySet<string> {
  const [packed, other] = [new Set<Tensor>(), new Set<Tensor>(Object.values(outputs))];
  for (const { op, inputs } of topologicalOrder(Object.values(outputs))) {
    const isProduct =
      op === 'quantizedMatmul' || (op === 'matmul' && inputs.every(({ shape }) => shape.length === 2));
    for (const [index, tensor] of inputs.entries()) (isProduct && index === 1 ? packed : other).add(tensor);
  }
  const names = [...packed].flatMap((tensor) => {
    const { node } = tensor;
    return node.op === 'input' && !other.has(tensor) ? [(node as OpNode<'input'>).attributes.name] : [];
  });
  return new Set(names);
}

function inputSpecifications(outputs: Outputs): Map<string, TensorSpecification> {
  const nodes = topologicalOrder(Object.values(outputs));
  const inputs = nodes.filter((node): node is OpNode<'input'> => node.op === 'input');
  return new Map(inputs.map(({ attributes }) => [attributes.name, attributes]));
}

class OnnxRuntimeProgram implements Program {
  constructor(private readonly session: OrtSession) {}

  run(
    feeds: Readonly<Record<string, NumericArray>>,
    results: Readonly<Record<string, NumericArray>>,
  ): Promise<void> {
    return this.session.run(feeds, results);
  }

  async dispose(): Promise<void> {
    this.session.dispose();
  }
}

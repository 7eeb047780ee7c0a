import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { topologicalOrder } from '../graph/order.js';
import type { OpNode, Shape, Tensor } from '../graph/tensor.js';
import { elementCount, formatShape } from '../graph/tensor.js';
import type { CompileOptions, Engine, NumericArray, Program } from './contract.js';
import { exportOnnx } from './onnx/export.js';

export interface OnnxRuntimeOptions {
  /** Threads of one run; undefined: one for each physical core, as ONNX Runtime counts them. */
  readonly threads?: number | undefined;
}

interface Specification {
  readonly shape: Shape;
  readonly dtype: 'float32' | 'int32';
}

/** A session option that onnxruntime-node reads though its published types leave it out. */
interface ExternalDataOption {
  readonly externalData: readonly { readonly path: string; readonly data: Uint8Array }[];
}

/**
 * ONNX Runtime on the CPU. `run` blocks the thread it is called on until the graph is done, so long work belongs on a
 * worker thread.
 */
export function createOnnxRuntimeEngine({ threads }: OnnxRuntimeOptions = {}): Engine {
  return {
    name: 'onnxruntime cpu',
    compile: async (
      outputs: Readonly<Record<string, Tensor>>,
      { constants }: CompileOptions = {},
    ): Promise<Program> => {
      const model = exportOnnx(outputs, constants);
      const options: InferenceSession.SessionOptions & ExternalDataOption = {
        executionProviders: ['cpu'],
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        externalData: model.externalData,
        ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      };
      const session = await InferenceSession.create(model.bytes, options);
      return new OnnxRuntimeProgram(session, inputSpecifications(outputs, constants), outputs);
    },
  };
}

function inputSpecifications(
  outputs: Readonly<Record<string, Tensor>>,
  constants: ReadonlyMap<string, NumericArray> | undefined,
): Map<string, Specification> {
  const nodes = topologicalOrder(Object.values(outputs)).filter(
    (node): node is OpNode<'input'> => node.op === 'input',
  );
  return new Map(
    nodes
      .filter((node) => !constants?.has(node.attributes.name))
      .map((node) => [node.attributes.name, node.attributes]),
  );
}

class OnnxRuntimeProgram implements Program {
  /** Runtime tensors by the memory they wrap: a training step passes the same hundreds of arrays every time. */
  private readonly wrapped = new WeakMap<NumericArray, RuntimeTensor>();

  constructor(
    private readonly session: InferenceSession,
    private readonly inputs: ReadonlyMap<string, Specification>,
    private readonly outputs: Readonly<Record<string, Specification>>,
  ) {}

  private wrap(
    name: string,
    array: NumericArray | undefined,
    { shape, dtype }: Specification,
  ): RuntimeTensor {
    const type = array instanceof Float32Array ? 'float32' : 'int32';
    if (!array || type !== dtype || array.length !== elementCount(shape)) {
      const received = array ? `${type} of ${array.length} elements` : 'nothing';
      throw new RangeError(`${name}: needs ${dtype}${formatShape(shape)}; received ${received}`);
    }
    const known = this.wrapped.get(array);
    if (known && formatShape(known.dims) === formatShape(shape)) return known;
    const tensor = new RuntimeTensor(type, array, shape);
    this.wrapped.set(array, tensor);
    return tensor;
  }

  async run(
    feeds: Readonly<Record<string, NumericArray>>,
    results: Readonly<Record<string, NumericArray>>,
  ): Promise<void> {
    const unknown = Object.keys(feeds).find((name) => !this.inputs.has(name));
    if (unknown !== undefined) throw new RangeError(`${unknown}: the graph has no such input`);
    const runtimeFeeds: Record<string, RuntimeTensor> = {};
    for (const [name, specification] of this.inputs)
      runtimeFeeds[name] = this.wrap(name, feeds[name], specification);
    const fetches: Record<string, RuntimeTensor> = {};
    for (const [name, specification] of Object.entries(this.outputs)) {
      fetches[name] = this.wrap(name, results[name], specification);
    }
    await this.session.run(runtimeFeeds, fetches);
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }
}

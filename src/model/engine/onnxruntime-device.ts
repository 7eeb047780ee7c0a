import { topologicalOrder } from '../graph/order.js';
import type { TensorSpecification } from '../graph/shape.js';
import type { OpNode, Tensor } from '../graph/tensor.js';
import type { CompileOptions, Engine, NumericArray, Program, Value } from './contract.js';
import { explainDeviceError } from './device-memory-error.js';
import { OrtDeviceMemory } from './onnx/device-memory.js';
import { exportOnnx } from './onnx/export.js';
import { type Provider, type ProviderName, providers } from './onnx/provider.js';
import { OrtSession } from './onnx/session.js';
import type { OnnxRuntimeOptions } from './onnxruntime.js';

/**
 * ONNX Runtime on a graphics card, by WebGPU or CUDA. What programs are fed with and what they write may stay on the
 * card (`memory`); arrays are copied there and back in each run.
 * @throws Error saying why the device cannot be used.
 */
export async function openDeviceEngine(
  device: ProviderName,
  { threads = 0 }: OnnxRuntimeOptions = {},
): Promise<Engine> {
  const provider = providers[device];
  const memory = await OrtDeviceMemory.open(provider, threads);
  return {
    name: `onnxruntime ${device}`,
    memory,
    compile: (outputs, options = {}) => compile(outputs, options, provider, threads),
  };
}

async function compile(
  outputs: Readonly<Record<string, Tensor>>,
  { constants, freeRows = {} }: CompileOptions,
  provider: Provider,
  threads: number,
): Promise<Program> {
  const nodes = topologicalOrder(Object.values(outputs));
  const inputs = new Map<string, TensorSpecification>(
    nodes
      .filter((node): node is OpNode<'input'> => node.op === 'input')
      .map(({ attributes }) => [attributes.name, attributes]),
  );
  const fixed = new Map<string, { array: NumericArray; specification: TensorSpecification }>();
  for (const [name, array] of constants ?? []) {
    const specification = inputs.get(name);
    if (!specification) throw new RangeError(`${name}: the graph has no such input`);
    fixed.set(name, { array, specification });
    inputs.delete(name);
  }
  const model = exportOnnx(outputs, new Set(fixed.keys()), freeRows, undefined, provider.isWebGpu);
  const session = await OrtSession.open(model, inputs, new Map(Object.entries(outputs)), {
    threads,
    constants: fixed,
    freeRows: new Set(Object.keys(freeRows)),
    packed: new Set(),
    unsignedWeights: false,
    appendProvider: provider.append,
  }).catch((error: unknown) => {
    throw explainDeviceError(error);
  });
  return new DeviceProgram(session, new Set(inputs.keys()));
}

class DeviceProgram implements Program {
  constructor(
    private readonly session: OrtSession,
    private readonly inputs: ReadonlySet<string>,
  ) {}

  async run(feeds: Readonly<Record<string, Value>>, results: Readonly<Record<string, Value>>): Promise<void> {
    const unknown = Object.keys(feeds).find((name) => !this.inputs.has(name));
    if (unknown !== undefined) throw new RangeError(`${unknown}: the graph has no such input`);
    try {
      await this.session.run(feeds, results);
    } catch (error) {
      throw explainDeviceError(error);
    }
  }

  async dispose(): Promise<void> {
    this.session.dispose();
  }
}

import type { Part } from '../graph/large-tensors.js';
import { topologicalOrder } from '../graph/order.js';
import { formatShape, type TensorSpecification } from '../graph/shape.js';
import type { OpNode, Tensor } from '../graph/tensor.js';
import { checkedShape, isArray } from './arrays.js';
import { explainDeviceError } from './device-memory-error.js';
import type { CompileOptions, Engine, NumericArray, Program, Value } from './engine.js';
import { OrtDeviceMemory } from './onnx/device-memory.js';
import { DeviceTensorParts } from './onnx/device-tensor.js';
import { exportOnnx } from './onnx/export.js';
import { splitForBuffers } from './onnx/large-tensors.js';
import { type Provider, type ProviderName, providers } from './onnx/provider.js';
import { OrtSession } from './onnx/session.js';
import type { OnnxRuntimeOptions } from './onnxruntime.js';

type Specifications = ReadonlyMap<string, TensorSpecification>;

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
  const { largestBuffer } = memory;
  return {
    name: `onnxruntime ${device}`,
    memory,
    compile: (outputs, options = {}) => compile(outputs, options, { provider, threads, largestBuffer }),
  };
}

function inputsOf(outputs: Readonly<Record<string, Tensor>>): Map<string, TensorSpecification> {
  const nodes = topologicalOrder(Object.values(outputs));
  const inputs = nodes.filter((node): node is OpNode<'input'> => node.op === 'input');
  return new Map(inputs.map(({ attributes }) => [attributes.name, attributes]));
}

interface Device {
  readonly provider: Provider;
  readonly threads: number;
  readonly largestBuffer: number;
}

async function compile(
  outputs: Readonly<Record<string, Tensor>>,
  { constants, freeRows = {} }: CompileOptions,
  { provider, threads, largestBuffer }: Device,
): Promise<Program> {
  const { outputs: computed, parts } = splitForBuffers(outputs, largestBuffer);
  const [inputs, read] = [inputsOf(outputs), inputsOf(computed)];
  const fixed = new Map<string, { array: NumericArray; specification: TensorSpecification }>();
  for (const [name, array] of constants ?? []) {
    const specification = inputs.get(name);
    if (!specification) throw new RangeError(`${name}: the graph has no such input`);
    inputs.delete(name);
    const whole = [{ name, start: 0, end: array.length, specification }];
    for (const part of parts.get(name) ?? whole) {
      fixed.set(part.name, {
        array: array.subarray(part.start, part.end),
        specification: part.specification,
      });
      read.delete(part.name);
    }
  }
  const model = exportOnnx(computed, new Set(fixed.keys()), freeRows, undefined, provider.isWebGpu);
  const session = await OrtSession.open(model, read, new Map(Object.entries(computed)), {
    threads,
    constants: fixed,
    freeRows: new Set(Object.keys(freeRows)),
    packed: new Set(),
    unsignedWeights: false,
    appendProvider: provider.append,
  }).catch((error: unknown) => {
    throw explainDeviceError(error);
  });
  return new DeviceProgram(session, inputs, new Map(Object.entries(outputs)), parts);
}

class DeviceProgram implements Program {
  constructor(
    private readonly session: OrtSession,
    private readonly inputs: Specifications,
    private readonly outputs: Specifications,
    /** Those of inputs and outputs that are too large for a buffer. */
    private readonly parts: ReadonlyMap<string, readonly Part[]>,
  ) {}

  async run(feeds: Readonly<Record<string, Value>>, results: Readonly<Record<string, Value>>): Promise<void> {
    const unknown = Object.keys(feeds).find((name) => !this.inputs.has(name));
    if (unknown !== undefined) throw new RangeError(`${unknown}: the graph has no such input`);
    try {
      await this.session.run(this.inParts(feeds, this.inputs), this.inParts(results, this.outputs));
    } catch (error) {
      throw explainDeviceError(error);
    }
  }

  /** What is given for a large tensor, part by part. */
  private inParts(
    values: Readonly<Record<string, Value>>,
    specifications: Specifications,
  ): Readonly<Record<string, Value>> {
    const found: Record<string, Value> = { ...values };
    for (const [name, parts] of this.parts) {
      const specification = specifications.get(name);
      if (!specification) continue;
      const value = values[name];
      delete found[name];
      if (value instanceof DeviceTensorParts) {
        const [given, wanted] = [value.specification.shape, specification.shape].map(formatShape);
        if (given !== wanted)
          throw new RangeError(`${name}: needs ${wanted}; received ${given} on the device`);
        for (const [index, { name: part }] of parts.entries()) found[part] = value.parts[index]!.tensor;
        continue;
      }
      const array = value && isArray(value) ? value : undefined;
      checkedShape(name, array, specification, false);
      for (const { name: part, start, end } of parts) found[part] = array!.subarray(start, end);
    }
    return found;
  }

  async dispose(): Promise<void> {
    await this.session.dispose();
  }
}

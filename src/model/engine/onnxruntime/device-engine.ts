import type { Chunk } from '../../graph/chunks.js';
import { formatShape, type TensorSpecification } from '../../graph/shape.js';
import { inputsOf, type Tensor } from '../../graph/tensor.js';
import {
  type CompileOptions,
  checkedShape,
  type Engine,
  isArray,
  type Program,
  type Value,
} from '../engine.js';
import { exportOnnx } from '../onnx/export.js';
import type { Constant } from '../onnx/host-program.js';
import { explainDeviceError } from '../out-of-memory.js';
import { splitForBuffers } from './buffer-chunks.js';
import type { OnnxRuntimeOptions } from './cpu-engine.js';
import { OrtDeviceMemory } from './device-memory.js';
import { ChunkedDeviceTensor } from './device-tensor.js';
import { provideRuntime } from './fetch-runtime.js';
import { type Provider, type ProviderName, providers } from './providers.js';
import { OrtSession } from './session.js';

type Specifications = ReadonlyMap<string, TensorSpecification>;

/**
 * ONNX Runtime on a graphics card, with WebGPU or CUDA. Inputs and outputs of programs may stay on the card (`memory`);
 * arrays are copied there and back in each run.
 * @throws Error saying why the device cannot be used.
 */
export function openDeviceEngine(device: ProviderName, options: OnnxRuntimeOptions = {}): Promise<Engine> {
  return openProviderEngine(device, providers[device], options);
}

/** The same with any provider. @param device its name in the engine's. */
export async function openProviderEngine(
  device: string,
  provider: Provider,
  { threads = 0, profile }: OnnxRuntimeOptions = {},
): Promise<Engine> {
  await provideRuntime();
  const memory = await OrtDeviceMemory.open(provider, threads);
  const { largestBuffer } = memory;
  const computeCapability = provider.computeCapability?.();
  let programs = 0;
  return {
    name: `onnxruntime ${device}`,
    memory,
    sumsHalfInFloat32: provider.sumsHalfInFloat32 ?? false,
    ...(computeCapability === undefined ? {} : { computeCapability }),
    compile: (outputs, options = {}) => {
      // Numbered, as ONNX Runtime names them by the second.
      const file = profile === undefined ? undefined : `${profile}-${programs++}`;
      return compile(outputs, options, { provider, threads, largestBuffer, profile: file });
    },
  };
}

interface Device {
  readonly provider: Provider;
  readonly threads: number;
  readonly largestBuffer: number;
  /** Path prefix of the program's file of operators' times. */
  readonly profile: string | undefined;
}

async function compile(
  outputs: Readonly<Record<string, Tensor>>,
  { constants, dynamicAxes = {}, allowTf32 = false }: CompileOptions,
  { provider, threads, largestBuffer, profile }: Device,
): Promise<Program> {
  const { outputs: computed, chunks } = splitForBuffers(outputs, largestBuffer);
  const [inputs, read] = [inputsOf(Object.values(outputs)), inputsOf(Object.values(computed))];
  const fixed = new Map<string, Constant>();
  for (const [name, array] of constants ?? []) {
    const specification = inputs.get(name);
    if (!specification) throw new RangeError(`${name}: the graph has no such input`);
    inputs.delete(name);
    const whole = [{ name, start: 0, end: array.length, specification }];
    for (const chunk of chunks.get(name) ?? whole) {
      fixed.set(chunk.name, {
        array: array.subarray(chunk.start, chunk.end),
        specification: chunk.specification,
      });
      read.delete(chunk.name);
    }
  }
  const model = exportOnnx(computed, {
    constants: new Set(fixed.keys()),
    dynamicAxes,
    ...(provider.target ? { target: provider.target } : {}),
  });
  const session = await OrtSession.open(model, read, new Map(Object.entries(computed)), {
    threads,
    constants: fixed,
    dynamicRows: new Set(Object.keys(dynamicAxes)),
    profile,
    appendProvider: (sessionOptions) => provider.append(sessionOptions, { allowTf32 }),
  }).catch((error: unknown) => {
    throw explainDeviceError(error);
  });
  return new DeviceProgram(session, inputs, new Map(Object.entries(outputs)), chunks);
}

class DeviceProgram implements Program {
  constructor(
    private readonly session: OrtSession,
    private readonly inputs: Specifications,
    private readonly outputs: Specifications,
    /** Chunks of the inputs and outputs that are too large for one buffer, by name. */
    private readonly chunks: ReadonlyMap<string, readonly Chunk[]>,
  ) {}

  async run(feeds: Readonly<Record<string, Value>>, results: Readonly<Record<string, Value>>): Promise<void> {
    const unknown = Object.keys(feeds).find((name) => !this.inputs.has(name));
    if (unknown !== undefined) throw new RangeError(`${unknown}: the graph has no such input`);
    try {
      await this.session.run(
        this.splitIntoChunks(feeds, this.inputs),
        this.splitIntoChunks(results, this.outputs),
      );
    } catch (error) {
      throw explainDeviceError(error);
    }
  }

  /** The values, with large tensors replaced by their chunks. */
  private splitIntoChunks(
    values: Readonly<Record<string, Value>>,
    specifications: Specifications,
  ): Readonly<Record<string, Value>> {
    const found: Record<string, Value> = { ...values };
    for (const [name, chunks] of this.chunks) {
      const specification = specifications.get(name);
      if (!specification) continue;
      const value = values[name];
      delete found[name];
      if (value instanceof ChunkedDeviceTensor) {
        const [received, expected] = [value.specification.shape, specification.shape].map(formatShape);
        if (received !== expected)
          throw new RangeError(`${name}: needs ${expected}; received ${received} on the device`);
        for (const [index, { name: chunk }] of chunks.entries()) found[chunk] = value.chunks[index]!.tensor;
        continue;
      }
      const array = value && isArray(value) ? value : undefined;
      checkedShape(name, array, specification, false);
      for (const { name: chunk, start, end } of chunks) found[chunk] = array!.subarray(start, end);
    }
    return found;
  }

  async dispose(): Promise<void> {
    await this.session.dispose();
  }
}

import type { Chunk } from '../../graph/chunks.js';
import { formatShape, type TensorSpecification } from '../../graph/shape.js';
import { inputsOf, type Tensor } from '../../graph/tensor.js';
import { type CompileOptions, checkedShape, isArray, type Program, type Value } from '../engine.js';
import { explainDeviceError } from '../out-of-memory.js';
import { splitForBuffers } from './buffer-chunks.js';
import { ChunkedDeviceTensor } from './chunked-tensor.js';
import { exportOnnx } from './export.js';
import type { Constant, HostModel } from './host-program.js';
import type { OnnxTarget } from './op-exporters.js';

type Specifications = ReadonlyMap<string, TensorSpecification>;
type Values = Readonly<Record<string, Value>>;

/** A loaded model, which runs on arrays of this process and tensors of its device. */
interface DeviceSession {
  run(feeds: Values, results: Values): Promise<void>;
  dispose(): Promise<void>;
}

interface Device {
  /** In bytes. */
  readonly largestBuffer: number;
  /** How graphs are exported, if it lacks operators that ONNX Runtime has on the processor. */
  readonly target?: OnnxTarget;
}

/**
 * Compiles a graph for a device with memory of its own.
 * @param open loads the model.
 * @throws RangeError for a constant that the graph does not have; TensorTooLargeError; OutOfDeviceMemoryError.
 */
export async function compileDeviceProgram(
  outputs: Readonly<Record<string, Tensor>>,
  { constants, dynamicAxes = {} }: CompileOptions,
  { largestBuffer, target }: Device,
  open: (model: Omit<HostModel, 'packed'>) => Promise<DeviceSession>,
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
    ...(target ? { target } : {}),
  });
  const session = await open({
    model,
    inputs: read,
    outputs: new Map(Object.entries(computed)),
    constants: fixed,
    dynamicRows: new Set(Object.keys(dynamicAxes)),
  }).catch((error: unknown) => {
    throw explainDeviceError(error);
  });
  return new DeviceProgram(session, inputs, new Map(Object.entries(outputs)), chunks);
}

class DeviceProgram implements Program {
  constructor(
    private readonly session: DeviceSession,
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

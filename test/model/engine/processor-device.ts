import type {
  CompileOptions,
  DeviceMemory,
  DeviceTensor,
  Engine,
  NumericArray,
  Value,
} from '../../../src/model/engine/engine.js';
import { isArray } from '../../../src/model/engine/engine.js';
import { exportOnnx } from '../../../src/model/engine/onnx/export.js';
import type { Constant } from '../../../src/model/engine/onnx/host-program.js';
import type { OnnxTarget } from '../../../src/model/engine/onnx/op-exporters.js';
import type { OnnxModel } from '../../../src/model/engine/onnx/writer.js';
import { OrtSession } from '../../../src/model/engine/onnxruntime/session.js';
import { elementCount, type Shape, type TensorSpecification } from '../../../src/model/graph/shape.js';
import { inputsOf, type Tensor } from '../../../src/model/graph/tensor.js';

const arrayTypes = { float32: Float32Array, float16: Uint16Array, int32: Int32Array, int8: Int8Array };

/** A tensor of the device below: an array that only its programs and copies touch. */
class ArrayTensor implements DeviceTensor {
  constructor(
    readonly specification: TensorSpecification,
    readonly array: NumericArray = new arrayTypes[specification.dtype](elementCount(specification.shape)),
  ) {}

  view(shape: Shape): ArrayTensor {
    return new ArrayTensor({ ...this.specification, shape }, this.array.subarray(0, elementCount(shape)));
  }

  dispose(): void {}
}

/** Bytes that crossed between this process and the device since the last reset. */
interface Traffic {
  up: number;
  down: number;
}

const arrayOf = (tensor: DeviceTensor): NumericArray => (tensor as ArrayTensor).array;

function memoryOf(traffic: Traffic): DeviceMemory {
  return {
    largestBuffer: Number.POSITIVE_INFINITY,
    isAddressable: false,
    allocate: (specification) => new ArrayTensor(specification),
    write: async (pairs) => {
      for (const [from, to] of pairs) {
        arrayOf(to).set(from);
        traffic.up += from.byteLength;
      }
    },
    read: async (pairs) => {
      for (const [from, to] of pairs) {
        to.set(arrayOf(from));
        traffic.down += to.byteLength;
      }
    },
    copyRow: async (pairs, fromRow, toRow) => {
      for (const { from, to } of pairs) {
        const size = elementCount(from.specification.shape.slice(1));
        const row = arrayOf(from).subarray(fromRow * size, (fromRow + 1) * size);
        arrayOf(to).set(row, toRow * size);
      }
    },
  };
}

/** An engine, with what crossed to it and what it compiled. */
interface ProcessorDevice extends Engine {
  readonly memory: DeviceMemory;
  readonly traffic: Traffic;
  readonly models: readonly OnnxModel[];
}

/**
 * A device whose programs are computed by ONNX Runtime on the processor: the graphs that a card would run, in the form
 * that is written for it, with memory of its own.
 */
export function processorDevice(target?: OnnxTarget): ProcessorDevice {
  const traffic = { up: 0, down: 0 };
  const models: OnnxModel[] = [];
  const compile = async (outputs: Readonly<Record<string, Tensor>>, options: CompileOptions = {}) => {
    const { constants = new Map<string, NumericArray>(), dynamicAxes = {} } = options;
    const inputs = inputsOf(Object.values(outputs));
    const fixed = new Map<string, Constant>();
    for (const [name, array] of constants) {
      fixed.set(name, { array, specification: inputs.get(name)! });
      inputs.delete(name);
    }
    const model = exportOnnx(outputs, {
      constants: new Set(fixed.keys()),
      dynamicAxes,
      ...(target ? { target } : {}),
    });
    models.push(model);
    const session = await OrtSession.open(model, inputs, new Map(Object.entries(outputs)), {
      threads: 2,
      constants: fixed,
      dynamicRows: new Set(Object.keys(dynamicAxes)),
    });
    const crossing = (values: Readonly<Record<string, Value>>, direction: keyof Traffic) =>
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => {
          if (!isArray(value)) return [name, arrayOf(value)];
          traffic[direction] += value.byteLength;
          return [name, value];
        }),
      );
    return {
      run: (feeds: Readonly<Record<string, Value>>, results: Readonly<Record<string, Value>>) =>
        session.run(crossing(feeds, 'up'), crossing(results, 'down')),
      dispose: () => session.dispose(),
    };
  };
  return { name: 'onnxruntime cpu as a device', memory: memoryOf(traffic), traffic, models, compile };
}

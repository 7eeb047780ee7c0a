import type {
  DeviceMemory,
  DeviceTensor,
  Engine,
  NumericArray,
  Program,
  Value,
} from '../../../src/model/engine/engine.js';
import { elementCount, type TensorSpecification } from '../../../src/model/graph/shape.js';

/** A tensor in memory of the engine's own, here an array beside those of the caller. */
class ApartTensor implements DeviceTensor {
  disposed = false;

  constructor(
    readonly specification: TensorSpecification,
    readonly array: Float32Array,
  ) {}

  view(): DeviceTensor {
    throw new Error('not used in training');
  }

  dispose(): void {
    this.disposed = true;
  }
}

const isApart = (value: Value): value is ApartTensor => value instanceof ApartTensor;

/**
 * An engine whose tensors lie apart from the caller's arrays, as on a graphics card, and that is as strict as one: what
 * was never written is no number, and a run must not write what it reads.
 * @returns the engine, and how many of its tensors are not disposed of.
 */
export function engineWithMemoryApart(processor: Engine): { engine: Engine; alive: () => number } {
  const tensors: ApartTensor[] = [];
  const arrayOf = (value: Value): NumericArray => {
    if (!isApart(value)) return value as NumericArray;
    if (value.disposed) throw new Error('a tensor is used that is disposed of');
    return value.array;
  };
  const memory: DeviceMemory = {
    largestBuffer: 2 ** 31,
    allocate: (specification) => {
      const array = new Float32Array(elementCount(specification.shape)).fill(Number.NaN);
      const tensor = new ApartTensor(specification, array);
      tensors.push(tensor);
      return tensor;
    },
    write: async (pairs) => {
      for (const [from, to] of pairs) arrayOf(to).set(from);
    },
    read: async (pairs) => {
      for (const [from, to] of pairs) to.set(arrayOf(from));
    },
    copyRow: async () => {
      throw new Error('not used in training');
    },
  };
  const toArrays = (values: Readonly<Record<string, Value>>): Record<string, NumericArray> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, arrayOf(value)]));
  const compile: Engine['compile'] = async (outputs, options): Promise<Program> => {
    const program = await processor.compile(outputs, options);
    return {
      run: (feeds, results) => {
        const read = new Set(Object.values(feeds).filter(isApart));
        const both = Object.entries(results).find(([, value]) => isApart(value) && read.has(value));
        if (both) throw new Error(`${both[0]} is written where the run reads`);
        return program.run(toArrays(feeds), toArrays(results));
      },
      dispose: () => program.dispose(),
    };
  };
  const engine = { name: `${processor.name}, memory apart`, memory, compile };
  return { engine, alive: () => tensors.filter(({ disposed }) => !disposed).length };
}

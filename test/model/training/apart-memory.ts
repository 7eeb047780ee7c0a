import type {
  DeviceMemory,
  DeviceTensor,
  Engine,
  NumericArray,
  Program,
  Value,
} from '../../../src/model/engine/engine.js';
import { elementCount, type Shape, type TensorSpecification } from '../../../src/model/graph/shape.js';

/** A tensor in memory of the engine's own, here an array beside those of the caller. */
class ApartTensor implements DeviceTensor {
  disposed = false;

  constructor(
    readonly specification: TensorSpecification,
    readonly array: Float32Array,
  ) {}

  view(shape: Shape, offset = 0): DeviceTensor {
    const part = this.array.subarray(offset, offset + elementCount(shape));
    return new ApartTensor({ ...this.specification, shape }, part);
  }

  dispose(): void {
    this.disposed = true;
  }
}

const isApart = (value: Value): value is ApartTensor => value instanceof ApartTensor;

const start = ({ array }: ApartTensor): number => array.byteOffset;
const end = ({ array }: ApartTensor): number => array.byteOffset + array.byteLength;

/** Whether one lies where the other does, in part at least. */
const overlap = (a: ApartTensor, b: ApartTensor): boolean =>
  a.array.buffer === b.array.buffer && start(a) < end(b) && start(b) < end(a);

const areSame = (a: ApartTensor, b: ApartTensor): boolean => start(a) === start(b) && end(a) === end(b);

/**
 * An engine whose tensors lie apart from the caller's arrays, as on a graphics card, and that is as strict as one: what
 * was never written is no number, and a run must not write what it reads, but in place where memory has addresses.
 * @returns the engine, and how many of its tensors are not disposed of.
 */
export function engineWithMemoryApart(
  processor: Engine,
  { isAddressable = false } = {},
): { engine: Engine; alive: () => number } {
  const tensors: ApartTensor[] = [];
  const arrayOf = (value: Value): NumericArray => {
    if (!isApart(value)) return value as NumericArray;
    if (value.disposed) throw new Error('a tensor is used that is disposed of');
    return value.array;
  };
  const memory: DeviceMemory = {
    largestBuffer: 2 ** 31,
    isAddressable,
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
        const read = Object.values(feeds).filter(isApart);
        const both = Object.entries(results).find(
          ([, value]) =>
            isApart(value) &&
            read.some((other) => overlap(value, other) && !(isAddressable && areSame(value, other))),
        );
        if (both) throw new Error(`${both[0]} is written where the run reads`);
        return program.run(toArrays(feeds), toArrays(results));
      },
      dispose: () => program.dispose(),
    };
  };
  const engine = { ...processor, name: `${processor.name}, memory apart`, memory, compile };
  return { engine, alive: () => tensors.filter(({ disposed }) => !disposed).length };
}

import { createRandom, type Random } from '../../common/random.js';
import { dropoutFactors, input } from '../graph/builder.js';
import { elementCount, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { Dropout } from '../transformer/transformer.js';
import type { BatchShape } from './batches.js';
import { dropoutOf, dropoutShapes } from './dropout.js';

/** The factors of a tensor are a matrix of so many rows and columns, each with two random numbers. */
interface Sides {
  readonly rows: number;
  readonly columns: number;
}

function sidesOf(shape: Shape): Sides {
  const columns = shape.at(-1)!;
  return { rows: elementCount(shape) / columns, columns };
}

/** Input names. Tensors of equally many columns share the numbers of the columns. */
const rowNames = (name: string): [factors: string, offsets: string] => [`${name}.factors`, `${name}.offsets`];
const columnNames = (columns: number): [factors: string, offsets: string] =>
  rowNames(`dropout.${columns} columns`);

/**
 * Dropout whose factors are computed in the graph, on the device, from two random numbers for each row and each column:
 * to draw one for each factor takes longer here than a card takes for the step.
 */
export function deviceDropout(
  configuration: TransformerConfiguration,
  shape: BatchShape,
  probability: number,
): Dropout {
  const pair = (names: readonly [string, string], size: Shape): [Tensor, Tensor] => [
    input(names[0], size, 'int32'),
    input(names[1], size, 'int32'),
  ];
  return dropoutOf(
    [...dropoutShapes(configuration, shape)].map(([name, size]) => {
      const { rows, columns } = sidesOf(size);
      const [rowFactors, rowOffsets] = pair(rowNames(name), [rows, 1]);
      const [columnFactors, columnOffsets] = pair(columnNames(columns), [1, columns]);
      const numbers = { rowFactors, rowOffsets, columnFactors, columnOffsets };
      return [name, dropoutFactors(numbers, { shape: size, probability })];
    }),
  );
}

/**
 * The random numbers of {@link deviceDropout}. Those of a batch depend on the seed and its number alone, so that a resumed
 * training draws the same.
 */
export class DeviceDropoutNumbers {
  private readonly arrays = new Map<string, Int32Array>();

  constructor(
    configuration: TransformerConfiguration,
    shape: BatchShape,
    private readonly seed: number,
  ) {
    for (const [name, size] of dropoutShapes(configuration, shape)) {
      const { rows, columns } = sidesOf(size);
      for (const input of rowNames(name)) this.arrays.set(input, new Int32Array(rows));
      for (const input of columnNames(columns)) this.arrays.set(input, new Int32Array(columns));
    }
  }

  /** The numbers of a batch by input name; valid until the next call. @param batch its number, from 0. */
  draw(batch: number): Record<string, Int32Array> {
    const random: Random = createRandom(this.seed, 'dropout on a device', batch);
    for (const array of this.arrays.values()) {
      for (let element = 0; element < array.length; element++) array[element] = random.integer(2 ** 32) | 0;
    }
    return Object.fromEntries(this.arrays);
  }
}

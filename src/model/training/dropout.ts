import { createRandom } from '../../common/random.js';
import { input } from '../graph/builder.js';
import { elementCount, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { BlockDropout, Dropout } from '../transformer/transformer.js';
import type { BatchShape } from './batches.js';

/** Input names of the factors. */
const embeddingName = 'dropout.embedding';
const blockName = (layer: number, part: keyof BlockDropout): string => `dropout.h.${layer}.${part}`;

/** Shapes of one batch's factors by input name. */
export function dropoutShapes(
  { width, heads, layers }: TransformerConfiguration,
  { rows, rowLength }: BatchShape,
): Map<string, Shape> {
  const tokens = [rows * rowLength, width];
  const shapes = new Map<string, Shape>([[embeddingName, tokens]]);
  for (let layer = 0; layer < layers; layer++) {
    shapes.set(blockName(layer, 'attention'), [rows, heads, rowLength, rowLength]);
    shapes.set(blockName(layer, 'attended'), tokens);
    shapes.set(blockName(layer, 'expanded'), tokens);
  }
  return shapes;
}

/** The factors as inputs of a graph. */
export function dropoutInputs(configuration: TransformerConfiguration, shape: BatchShape): Dropout {
  return dropoutOf([...dropoutShapes(configuration, shape)].map(([name, size]) => [name, input(name, size)]));
}

/** @param factors tensors by the names of {@link dropoutShapes}. */
export function dropoutOf(factors: Iterable<readonly [string, Tensor]>): Dropout {
  const tensors = new Map(factors);
  const of = (layer: number, part: keyof BlockDropout): Tensor => tensors.get(blockName(layer, part))!;
  return {
    embedding: tensors.get(embeddingName)!,
    block: (layer) => ({
      attention: of(layer, 'attention'),
      attended: of(layer, 'attended'),
      expanded: of(layer, 'expanded'),
    }),
  };
}

/**
 * Draws a factor for each activation that dropout applies to: 0 with the probability p, else 1 / (1 − p) (Srivastava et
 * al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014, section 4; scaled while training, as
 * PyTorch does). The factors of a batch depend on the seed and its number alone, so that a resumed training draws the
 * same.
 */
export class DropoutFactors {
  private readonly arrays: ReadonlyMap<string, Float32Array>;

  constructor(
    configuration: TransformerConfiguration,
    shape: BatchShape,
    private readonly options: { readonly probability: number; readonly seed: number },
  ) {
    const shapes = [...dropoutShapes(configuration, shape)];
    this.arrays = new Map(shapes.map(([name, size]) => [name, new Float32Array(elementCount(size))]));
  }

  /** The factors of a batch by input name; valid until the next call. @param batch its number, from 0. */
  draw(batch: number): Record<string, Float32Array> {
    const { probability, seed } = this.options;
    const keptFactor = 1 / (1 - probability);
    for (const [name, array] of this.arrays) {
      const random = createRandom(seed, 'dropout', batch, name);
      for (let element = 0; element < array.length; element++) {
        array[element] = random.uniform() < probability ? 0 : keptFactor;
      }
    }
    return Object.fromEntries(this.arrays);
  }
}

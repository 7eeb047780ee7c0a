import { createRandom } from '../../common/random.js';
import { elementCount, type Shape } from '../graph/shape.js';
import { architectureOf, projectionWidths } from './architecture.js';
import type { TransformerConfiguration } from './configuration.js';

/**
 * One trainable tensor, named and shaped as in Hugging Face's checkpoints of GPT-2, whatever the model: matrices are
 * [in, out], and products of one input are one matrix.
 */
export interface ParameterSpecification {
  readonly name: string;
  readonly shape: Shape;
  /** Initial values when training from scratch. */
  readonly initial: { readonly standardDeviation: number } | { readonly value: number };
  /**
   * Matrices of the blocks decay; biases, norms and embeddings do not (Brown et al. 2020, appendix B; nanoGPT's
   * rule).
   */
  readonly decays: boolean;
}

/**
 * Every parameter in the order of the forward pass: `attn.c_attn` makes queries, keys and values side by side, `mlp.c_fc` of
 * a gated network the gate and what it gates. The output layer is the token embedding, unless `lm_head` is there.
 * Initial values of matrices that write to the residual stream are smaller by √(2L) (Radford et al. 2019, section 2.3).
 */
export function parameterSpecifications(configuration: TransformerConfiguration): ParameterSpecification[] {
  const { vocabularySize, contextLength, width, layers } = configuration;
  const { norm: kind, rotary, innerWidth, activation, biases, tiedOutput } = architectureOf(configuration);
  const [queries, keys, values] = projectionWidths(configuration);
  const deviation = 0.02;
  const residual = deviation / Math.sqrt(2 * layers);
  const embedding = (name: string, rows: number): ParameterSpecification => ({
    name,
    shape: [rows, width],
    initial: { standardDeviation: deviation },
    decays: false,
  });
  const matrix = (
    name: string,
    rows: number,
    columns: number,
    standardDeviation: number,
  ): ParameterSpecification => ({
    name,
    shape: [rows, columns],
    initial: { standardDeviation },
    decays: true,
  });
  const vector = (name: string, size: number, value: number): ParameterSpecification => ({
    name,
    shape: [size],
    initial: { value },
    decays: false,
  });
  const norm = (name: string): ParameterSpecification[] => [
    vector(`${name}.weight`, width, 1),
    ...(kind === 'layer' ? [vector(`${name}.bias`, width, 0)] : []),
  ];
  const linear = (
    name: string,
    rows: number,
    columns: number,
    standardDeviation: number,
  ): ParameterSpecification[] => [
    matrix(`${name}.weight`, rows, columns, standardDeviation),
    ...(biases ? [vector(`${name}.bias`, columns, 0)] : []),
  ];
  const first = activation === 'gatedSilu' ? 2 * innerWidth : innerWidth;
  const block = (layer: number): ParameterSpecification[] => [
    ...norm(`h.${layer}.ln_1`),
    ...linear(`h.${layer}.attn.c_attn`, width, queries + keys + values, deviation),
    ...linear(`h.${layer}.attn.c_proj`, queries, width, residual),
    ...norm(`h.${layer}.ln_2`),
    ...linear(`h.${layer}.mlp.c_fc`, width, first, deviation),
    ...linear(`h.${layer}.mlp.c_proj`, innerWidth, width, residual),
  ];
  return [
    embedding('wte.weight', vocabularySize),
    ...(rotary ? [] : [embedding('wpe.weight', contextLength)]),
    ...Array.from({ length: layers }, (_, layer) => block(layer)).flat(),
    ...norm('ln_f'),
    ...(tiedOutput ? [] : [embedding('lm_head.weight', vocabularySize)]),
  ];
}

/** How many numbers parameters have together. */
export function parameterCount(specifications: readonly ParameterSpecification[]): number {
  return specifications.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

/**
 * All parameters as views of one flat array, which the optimizer updates in cache-sized chunks regardless of the
 * tensors in it. Parameters with weight decay come first, so that both groups are contiguous.
 */
export interface ParameterStore {
  readonly specifications: readonly ParameterSpecification[];
  readonly flat: Float32Array;
  /** `flat.subarray(0, decayed)` holds the parameters with weight decay. */
  readonly decayed: number;
  /** Views by parameter name. */
  readonly views: ReadonlyMap<string, Float32Array>;
}

/** A store of zeros, 4 bytes per element. Also used for gradients and moments, which have the same layout. */
export function createParameterStore(specifications: readonly ParameterSpecification[]): ParameterStore {
  const sizeOf = (list: readonly ParameterSpecification[]): number =>
    list.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const decaying = specifications.filter(({ decays }) => decays);
  const flat = new Float32Array(sizeOf(specifications));
  const views = new Map<string, Float32Array>();
  let start = 0;
  for (const { name, shape } of [...decaying, ...specifications.filter(({ decays }) => !decays)]) {
    const end = start + elementCount(shape);
    views.set(name, flat.subarray(start, end));
    start = end;
  }
  return { specifications, flat, decayed: sizeOf(decaying), views };
}

/** Fills a store with the initial values for training from scratch; each tensor has its own seeded random numbers. */
export function initializeParameters(store: ParameterStore, seed: number): void {
  for (const { name, initial } of store.specifications) {
    const view = store.views.get(name)!;
    if ('value' in initial) view.fill(initial.value);
    else {
      const random = createRandom(seed, 'parameter', name);
      for (let element = 0; element < view.length; element++)
        view[element] = initial.standardDeviation * random.normal();
    }
  }
}

import type { Precision } from '../../options/choices.js';
import type { NumericArray } from '../engine/engine.js';
import { narrow } from '../engine/float-formats.js';
import { input } from '../graph/builder.js';
import { type DType, elementCount, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import type { TransformerConfiguration } from './configuration.js';
import { paddedHeadWidth } from './decode-graph.js';
import { parameterSpecifications } from './parameters.js';
import { quantizeMatrix } from './quantize.js';
import { quantizedOutputName, type SymbolicParameters, scalesName } from './transformer.js';
import type { WeightSource } from './weight-source.js';

/** What the decode graph is built on: its parameters, and their values by name. */
export interface DecodeWeights {
  readonly parameters: SymbolicParameters;
  readonly constants: ReadonlyMap<string, NumericArray>;
}

interface Values {
  readonly values: Float32Array;
  readonly shape: Shape;
}

/**
 * Puts zeros behind each head's channels up to the width that the engine attends with: what the projections give, by
 * columns, and what the output projection takes, by rows. Nothing that is computed from them changes.
 */
function padHeads(configuration: TransformerConfiguration, name: string, { values, shape }: Values): Values {
  const headWidth = configuration.width / configuration.heads;
  const paddedWidth = paddedHeadWidth(configuration);
  const byRows = name.endsWith('attn.c_proj.weight');
  if (headWidth === paddedWidth || !(byRows || name.includes('attn.c_attn.'))) return { values, shape };
  const from = byRows ? headWidth * shape[1]! : headWidth;
  const to = byRows ? paddedWidth * shape[1]! : paddedWidth;
  const padded = new Float32Array((values.length / from) * to);
  for (let piece = 0; piece * from < values.length; piece++) {
    padded.set(values.subarray(piece * from, (piece + 1) * from), piece * to);
  }
  const axis = byRows ? 0 : shape.length - 1;
  return { values: padded, shape: shape.with(axis, (shape[axis]! / headWidth) * paddedWidth) };
}

const tokenEmbedding = 'wte.weight';

/**
 * Reads the weights one by one, each into memory of its own, so that what the engine packs can be let go. With `int8`
 * the matrices of the blocks and the output layer become 8-bit; the embeddings, which are only looked up, stay. With
 * `float16` the matrices of the blocks alone do: logits of GPT-2 lie around −100, where float16 has steps of 0.06.
 * @throws TitlesmithError naming a tensor that cannot be read.
 */
export async function readDecodeWeights(
  configuration: TransformerConfiguration,
  source: WeightSource,
  precision: Precision,
): Promise<DecodeWeights> {
  const parameters = new Map<string, Tensor>();
  const constants = new Map<string, NumericArray>();
  const add = (name: string, shape: readonly number[], array: NumericArray, dtype: DType): void => {
    parameters.set(name, input(name, shape, dtype));
    constants.set(name, array);
  };
  const addQuantized = (
    name: string,
    from: Float32Array,
    shape: [number, number],
    transposed = false,
  ): void => {
    const { values, scales } = quantizeMatrix(from, ...shape, { transposed });
    add(name, shape, values, 'int8');
    add(scalesName(name), [shape[1]], scales, 'float32');
  };
  for (const { name, shape, decays } of parameterSpecifications(configuration)) {
    const stored = new Float32Array(elementCount(shape));
    await source.read(name, stored);
    const { values, shape: padded } = padHeads(configuration, name, { values: stored, shape });
    const quantized = precision === 'int8';
    if (quantized && decays) addQuantized(name, values, padded as [number, number]);
    else if (precision === 'float16' && decays) add(name, padded, narrow(values), 'float16');
    else add(name, padded, values, 'float32');
    if (quantized && name === tokenEmbedding) {
      addQuantized(quantizedOutputName, values, [configuration.width, configuration.vocabularySize], true);
    }
  }
  return { parameters, constants };
}

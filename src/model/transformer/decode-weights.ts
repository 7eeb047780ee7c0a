import type { Precision } from '../../options/choices.js';
import type { NumericArray } from '../engine/engine.js';
import { narrow } from '../engine/float-formats.js';
import { input } from '../graph/builder.js';
import { maskedScore } from '../graph/op-table.js';
import { type DType, elementCount, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { architectureOf, outputLayerName } from './architecture.js';
import type { TransformerConfiguration } from './configuration.js';
import { paddedHeadWidth, paddingMaskName } from './decode-graph.js';
import { parameterSpecifications } from './parameters.js';
import { quantizedOutputName, type SymbolicParameters, scalesName } from './transformer.js';
import type { WeightSource } from './weight-source.js';

/** Parameters of the decode graph, and their values by name. */
interface DecodeWeights {
  readonly parameters: SymbolicParameters;
  readonly constants: ReadonlyMap<string, NumericArray>;
}

interface Values {
  readonly values: Float32Array;
  readonly shape: Shape;
}

/**
 * Pads each head's channels with zeros to the head width of the engine's attention: columns of the query, key and value
 * projections, rows of the output projection. The results stay the same. Where rotary positions turn the two halves of a
 * head together, each half is padded.
 */
function padHeads(configuration: TransformerConfiguration, name: string, { values, shape }: Values): Values {
  const { headWidth: ownWidth, rotary } = architectureOf(configuration);
  const parts = rotary ? 2 : 1;
  const [width, paddedWidth] = [ownWidth / parts, paddedHeadWidth(configuration) / parts];
  const byRows = name.endsWith('attn.c_proj.weight');
  if (width === paddedWidth || !(byRows || name.includes('attn.c_attn.'))) return { values, shape };
  const from = byRows ? width * shape[1]! : width;
  const to = byRows ? paddedWidth * shape[1]! : paddedWidth;
  const padded = new Float32Array((values.length / from) * to);
  for (let group = 0; group * from < values.length; group++) {
    padded.set(values.subarray(group * from, (group + 1) * from), group * to);
  }
  const axis = byRows ? 0 : shape.length - 1;
  return { values: padded, shape: shape.with(axis, (shape[axis]! / width) * paddedWidth) };
}

/**
 * Reads the weights one at a time, each into an array of its own, so that those the engine packs can be released.
 * With `int8` the matrices of the blocks and the output layer become 8-bit; the embeddings, which are only looked up,
 * stay float32. With `float16` only the matrices of the blocks become float16: logits of GPT-2 lie around −100, where
 * float16 has steps of 0.06.
 * @param paddedVocabulary number of rows of the output layer, which are zeros after the last token; their logits are
 *   masked. Products and sums over a vocabulary of round size are faster on a card.
 * @param silent tokens whose logits are masked too.
 * @throws TitlesmithError naming a tensor that cannot be read.
 */
export async function readDecodeWeights(
  configuration: TransformerConfiguration,
  source: WeightSource,
  precision: Precision,
  paddedVocabulary?: number,
  silent: readonly number[] = [],
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
  const { vocabularySize, width } = configuration;
  const outputLayer = outputLayerName(configuration);
  const rows = paddedVocabulary ?? vocabularySize;
  if (rows > vocabularySize || silent.length > 0) {
    const mask = new Float32Array(rows).fill(maskedScore, vocabularySize);
    for (const token of silent) mask[token] = maskedScore;
    constants.set(paddingMaskName, mask);
  }
  for (const { name, shape: ownShape, decays } of parameterSpecifications(configuration)) {
    const shape = name === outputLayer ? [rows, width] : ownShape;
    const stored = new Float32Array(elementCount(shape));
    await source.read(name, stored.subarray(0, elementCount(ownShape)));
    const { values, shape: padded } = padHeads(configuration, name, { values: stored, shape });
    const quantized = precision === 'int8';
    if (quantized && decays) addQuantized(name, values, padded as [number, number]);
    else if (precision === 'float16' && decays) add(name, padded, narrow(values), 'float16');
    // Where the output layer is also the token embedding, rows of it are looked up.
    else if (!quantized || name !== outputLayer || name === 'wte.weight')
      add(name, padded, values, 'float32');
    if (quantized && name === outputLayer) {
      addQuantized(quantizedOutputName, values, [width, rows], true);
    }
  }
  return { parameters, constants };
}

/** A matrix [C,M] in 8 bits: each element stands for value · scale of its column. */
interface QuantizedMatrix {
  /** [C,M] */
  readonly values: Int8Array;
  /** [M] */
  readonly scales: Float32Array;
}

/** Number of rows of a transposed matrix that are read together, so that the result is written contiguously. */
const blockSize = 64;

/**
 * Rounds a matrix to 8 bits, symmetrically, each output channel with its own scale (Wu et al., "Integer
 * Quantization for Deep Learning Inference", 2020, sections 3.1 and 3.2).
 * @param matrix [C,M], rows C and columns M; [M,C] where `transposed`. The result is [C,M].
 */
export function quantizeMatrix(
  matrix: Float32Array,
  rows: number,
  columns: number,
  { transposed = false } = {},
): QuantizedMatrix {
  const largest = transposed ? largestOfRows(matrix, columns, rows) : largestOfColumns(matrix, rows, columns);
  const scales = largest.map((magnitude) => (magnitude || 1) / 127);
  const factors = Float64Array.from(scales, (scale) => 1 / scale);
  const values = new Int8Array(rows * columns);
  if (!transposed) {
    for (let row = 0, index = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, index++) {
        values[index] = Math.round(matrix[index]! * factors[column]!);
      }
    }
    return { values, scales };
  }
  for (let from = 0; from < columns; from += blockSize) {
    const to = Math.min(from + blockSize, columns);
    for (let row = 0; row < rows; row++) {
      for (let column = from; column < to; column++) {
        values[row * columns + column] = Math.round(matrix[column * rows + row]! * factors[column]!);
      }
    }
  }
  return { values, scales };
}

/** The largest magnitude in each row of [R,K]. */
function largestOfRows(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const largest = new Float32Array(rows);
  for (let row = 0, index = 0; row < rows; row++) {
    let most = 0;
    for (const end = index + columns; index < end; index++) {
      const magnitude = Math.abs(matrix[index]!);
      if (magnitude > most) most = magnitude;
    }
    largest[row] = most;
  }
  return largest;
}

/** The largest magnitude in each column of [R,K]. */
function largestOfColumns(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const largest = new Float32Array(columns);
  for (let row = 0, index = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) {
      const magnitude = Math.abs(matrix[index]!);
      if (magnitude > largest[column]!) largest[column] = magnitude;
    }
  }
  return largest;
}

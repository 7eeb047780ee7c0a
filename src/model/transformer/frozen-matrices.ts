import type { NumericArray } from '../engine/engine.js';
import { input } from '../graph/builder.js';
import type { Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { quantizeMatrix } from './decode-weights.js';
import type { ParameterSpecification, ParameterStore } from './parameters.js';
import { quantizedOutputName, type SymbolicParameters, scalesName, transposedName } from './transformer.js';

/** Rows of the output layer that the output layer has as columns of one matrix: their logits stay in the cache. */
const outputChunk = 2048;

/** The output layer's own parameter, if it has one; else it is the token embedding. */
const [tokenEmbedding, ownOutput] = ['wte.weight', 'lm_head.weight'];

/**
 * Of parameters that adapters leave as they are, those that training can multiply with in 8 bits: the matrices of the
 * blocks, and the output layer.
 */
export function quantizableMatrices(
  frozen: readonly ParameterSpecification[],
): readonly ParameterSpecification[] {
  const output = frozen.some(({ name }) => name === ownOutput) ? ownOutput : tokenEmbedding;
  return frozen.filter(({ name, decays }) => decays || name === output);
}

/** The 8-bit form of a matrix [C,M], of a parameter's rows from `start` to `end`. */
interface Form {
  readonly name: string;
  readonly shape: readonly [rows: number, columns: number];
  /** Whether the parameter's rows are the form's columns. */
  readonly isTransposed: boolean;
  readonly start: number;
  readonly end: number;
}

/** The first block's first matrix is multiplied with what no trained parameter changes: no gradient goes through it. */
const hasGradient = (name: string): boolean => name !== 'h.0.attn.c_attn.weight';

/**
 * The forms that a parameter is multiplied with: a matrix of a block as it is, and transposed, which gradients go through;
 * the output layer in chunks, for logits.
 */
function formsOf({ name, shape }: Pick<ParameterSpecification, 'name' | 'shape'>): Form[] {
  const [rows, columns] = shape as readonly [number, number];
  if (name === tokenEmbedding || name === ownOutput) {
    return Array.from({ length: Math.ceil(rows / outputChunk) }, (_, chunk) => {
      const [start, end] = [chunk * outputChunk, Math.min(rows, (chunk + 1) * outputChunk)];
      const size = [columns, end - start] as const;
      return { name: `${quantizedOutputName}.${chunk}`, shape: size, isTransposed: true, start, end };
    });
  }
  const whole = { start: 0, end: rows };
  const own = { name, shape: [rows, columns] as const, isTransposed: false, ...whole };
  const back = { name: transposedName(name), shape: [columns, rows] as const, isTransposed: true, ...whole };
  return hasGradient(name) ? [own, back] : [own];
}

/** What matrices take in 8 bits: a byte for each element of each form. */
export function quantizedBytes(matrices: readonly Pick<ParameterSpecification, 'name' | 'shape'>[]): number {
  return matrices.flatMap(formsOf).reduce((sum, { shape: [rows, columns] }) => sum + rows * columns, 0);
}

/** Inputs for matrices in 8 bits: int8 [C,M], with scales [M]. */
export function quantizedInputs(
  matrices: readonly Pick<ParameterSpecification, 'name' | 'shape'>[],
): SymbolicParameters {
  return new Map(
    matrices.flatMap(formsOf).flatMap(({ name, shape }): [string, Tensor][] => [
      [name, input(name, shape, 'int8')],
      [scalesName(name), input(scalesName(name), [shape[1]])],
    ]),
  );
}

/** The values of {@link quantizedInputs}; see `quantizeMatrix`. */
export function quantizedValues(
  { views }: ParameterStore,
  matrices: readonly { readonly name: string; readonly shape: Shape }[],
): Map<string, NumericArray> {
  const constants = new Map<string, NumericArray>();
  for (const matrix of matrices) {
    const values = views.get(matrix.name)!;
    const width = matrix.shape[1]!;
    for (const { name, shape, isTransposed, start, end } of formsOf(matrix)) {
      const rows = values.subarray(start * width, end * width);
      const quantized = quantizeMatrix(rows, ...shape, { transposed: isTransposed });
      constants.set(name, quantized.values);
      constants.set(scalesName(name), quantized.scales);
    }
  }
  return constants;
}

/** The chunks of the output layer in 8 bits; undefined where there are none. */
export function quantizedOutputOf(
  parameters: SymbolicParameters,
): { readonly w: Tensor; readonly scales: Tensor }[] | undefined {
  const names = [...parameters.keys()].filter((name) =>
    new RegExp(`^${quantizedOutputName}\\.\\d+$`).test(name),
  );
  if (names.length === 0) return undefined;
  return names.map((name) => ({ w: parameters.get(name)!, scales: parameters.get(scalesName(name))! }));
}

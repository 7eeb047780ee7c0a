import { elementCount, type FloatType } from '../../graph/shape.js';
import { onnxTypes } from './schema.js';
import type { OnnxWriter } from './writer.js';

/**
 * Sums as products with ones. A device computes products in parallel and always in the same order; of its kernels for
 * sums, those of columns first transpose the matrix (WebGPU) or add by atomics in any order (CUDA, which asked for
 * deterministic kernels takes cuDNN's, a block a row).
 */

/** The divisor of `count` nearest to its square root from below: sums in two steps are then shortest. */
export function shortSteps(count: number): number {
  let best = 1;
  for (let divisor = 2; divisor * divisor <= count; divisor++) if (count % divisor === 0) best = divisor;
  return best;
}

/**
 * Writes the sum of the rows of a matrix [N,M], in two steps: of S parts of N/S rows each, then of the S sums in float32.
 * @param x of N·M elements. @param weights N factors of the rows, of x's type; undefined: ones.
 * @returns the sum, float32 [1,M].
 */
export function weightedColumnSum(
  writer: OnnxWriter,
  x: string,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  dtype: FloatType,
  weights?: string,
): string {
  const parts = shortSteps(rows);
  const size = rows / parts;
  const reshaped = (value: string, to: readonly number[]): string =>
    writer.emit('Reshape', [value, writer.constant('int64', to, [to.length])]);
  const ones = (type: FloatType, shape: readonly number[]): string =>
    writer.constant(type, new Array(elementCount(shape)).fill(1), shape);
  const each = [parts, 1, size];
  const factors = weights === undefined ? ones(dtype, each) : reshaped(weights, each);
  const sums = writer.emit('MatMul', [factors, reshaped(x, [parts, size, columns])]);
  const wide = dtype === 'float32' ? sums : writer.emit('Cast', [sums], { to: onnxTypes.float32 });
  const matrix = reshaped(wide, [parts, columns]);
  return parts === 1 ? matrix : writer.emit('MatMul', [ones('float32', [1, parts]), matrix]);
}

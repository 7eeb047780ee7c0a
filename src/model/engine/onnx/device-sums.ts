import { elementCount, type FloatType } from '../../graph/shape.js';
import type { OpNode } from '../../graph/tensor.js';
import type { Exporter } from './op-exporters.js';
import { onnxTypes } from './schema.js';
import type { OnnxWriter } from './writer.js';

/**
 * Sums as products with ones. A device computes products in parallel and always in the same order; of its kernels for
 * sums, those of columns first transpose the matrix (WebGPU) or add by atomics in any order (CUDA, which asked for
 * deterministic kernels takes cuDNN's, a block a row).
 */

/** The divisor of `count` nearest to its square root from below: sums in two steps are then shortest. */
function shortSteps(count: number): number {
  let best = 1;
  for (let divisor = 2; divisor * divisor <= count; divisor++) if (count % divisor === 0) best = divisor;
  return best;
}

/** Most terms that are summed in float16, where the device sums in the type of the terms. */
const maximumHalfSum = 1024;

/** Whether a sum is over the first axes alone, so that its terms are the rows of a matrix. */
export function isColumnSum({ inputs: [x], attributes: { axes } }: OpNode<'reduceSum'>): boolean {
  const { shape, dtype } = x!;
  const isLeading = axes.length > 0 && axes.length < shape.length && axes.every((axis) => axis < axes.length);
  const rows = elementCount(shape.slice(0, axes.length));
  return isLeading && (dtype === 'float32' || rows / shortSteps(rows) <= maximumHalfSum);
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

/** A sum of columns, for `isColumnSum`. */
export const columnSum: Exporter<'reduceSum'> = ({ writer, nameOf }, { inputs, attributes, outputs }) => {
  const x = inputs[0]!;
  const { shape } = outputs[0]!;
  const rows = elementCount(x.shape.slice(0, attributes.axes.length));
  const columns = elementCount(x.shape) / rows;
  const sum = weightedColumnSum(writer, nameOf(x), { rows, columns }, x.dtype as FloatType);
  return [writer.emit('Reshape', [sum, writer.constant('int64', shape, [shape.length])])];
};

import { elementCount, type FloatType } from '../../graph/shape.js';
import type { OpNode } from '../../graph/tensor.js';
import { shortSteps, weightedColumnSum } from './column-sums.js';
import type { Exporter } from './op-exporters.js';

/** Most terms that are summed in float16, where the device sums in the type of the terms. */
const maximumHalfSum = 1024;

/** Whether a sum is over the first axes alone, so that its terms are the rows of a matrix. */
export function isColumnSum({ inputs: [x], attributes: { axes } }: OpNode<'reduceSum'>): boolean {
  const { shape, dtype } = x!;
  const isLeading = axes.length > 0 && axes.length < shape.length && axes.every((axis) => axis < axes.length);
  const rows = elementCount(shape.slice(0, axes.length));
  return isLeading && (dtype === 'float32' || rows / shortSteps(rows) <= maximumHalfSum);
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

import { elementCount } from '../../graph/shape.js';
import type { OpNode, Tensor } from '../../graph/tensor.js';
import { weightedColumnSum } from './column-sums.js';
import type { ExportContext, Exporter } from './op-exporters.js';

/** A node's inputs by name, and the operations that the two forms below are made of. */
function prepare({ writer, nameOf }: ExportContext, { inputs }: OpNode<'layerNormalizationGradient'>) {
  const [x, scale, mean, rstd, g] = inputs.map(nameOf) as [string, string, string, string, string];
  const [{ shape }, , { shape: rowShape }] = inputs as readonly [Tensor, Tensor, Tensor];
  const width = shape.at(-1)!;
  const multiply = (a: string, b: string): string => writer.emit('Mul', [a, b]);
  const subtract = (a: string, b: string): string => writer.emit('Sub', [a, b]);
  const reshaped = (value: string, to: readonly number[]): string =>
    writer.emit('Reshape', [value, writer.constant('int64', to, [to.length])]);
  const isMatrix = shape.length === 2;
  /** Rows of [..,C] as those of a matrix, and a column for such rows as [..,1]. */
  const asMatrix = (value: string): string => (isMatrix ? value : reshaped(value, [-1, width]));
  const asRows = (column: string): string => (isMatrix ? column : reshaped(column, rowShape));
  /** The sum of each column, [C]. @param weights factors of the rows; undefined: ones. */
  const columnSum = (value: string, weights?: string): string => {
    const size = { rows: elementCount(rowShape), columns: width };
    return reshaped(weightedColumnSum(writer, value, size, 'float32', weights), [width]);
  };
  return { x, scale, mean, rstd, g, width, multiply, subtract, reshaped, asMatrix, asRows, columnSum };
}

/**
 * In the fewest passes over [N,C]: with c = x − mean, r = 1/√(variance + epsilon) and h = g·scale,
 * dx = r·(h − mean(h) − c·r²·mean(h·c)), dscale = Σ r·(g·c), dbias = Σ g. Here g·c serves two sums; means of rows are
 * products of g and of g·c with scale/C, and r weights the terms of a sum of columns.
 */
export const layerNormalizationGradientByProducts: Exporter<'layerNormalizationGradient'> = (
  context,
  node,
) => {
  const { writer, isUsed } = context;
  const { x, scale, mean, rstd, g, width, ...on } = prepare(context, node);
  const centered = on.subtract(x, mean);
  const product = on.multiply(g, centered);
  const share = on.multiply(scale, writer.constant('float32', [1 / width], []));
  const column = on.reshaped(share, [width, 1]);
  const meanOf = (value: string): string => on.asRows(writer.emit('MatMul', [on.asMatrix(value), column]));
  const slope = on.multiply(on.multiply(rstd, rstd), meanOf(product));
  const shifted = on.subtract(on.multiply(g, scale), meanOf(g));
  const byX = on.multiply(on.subtract(shifted, on.multiply(centered, slope)), rstd);
  const [, byScale, byBias] = node.outputs as readonly [Tensor, Tensor, Tensor];
  return [byX, isUsed(byScale) ? on.columnSum(product, rstd) : '', isUsed(byBias) ? on.columnSum(g) : ''];
};

/**
 * In the fewest nodes: with x̂ = (x − mean)·r and h = g·scale, dx = r·(h − mean(h) − x̂·mean(h·x̂)), dscale = Σ g·x̂,
 * dbias = Σ g.
 */
export const layerNormalizationGradientByMeans: Exporter<'layerNormalizationGradient'> = (context, node) => {
  const { writer, isUsed } = context;
  const { x, scale, mean, rstd, g, ...on } = prepare(context, node);
  const normalized = on.multiply(on.subtract(x, mean), rstd);
  const product = on.multiply(g, normalized);
  const h = on.multiply(g, scale);
  const lastAxis = writer.constant('int64', [-1], [1]);
  const meanOf = (value: string): string => writer.emit('ReduceMean', [value, lastAxis]);
  const projected = on.multiply(normalized, meanOf(on.multiply(product, scale)));
  const byX = on.multiply(on.subtract(on.subtract(h, meanOf(h)), projected), rstd);
  const [, byScale, byBias] = node.outputs as readonly [Tensor, Tensor, Tensor];
  return [byX, isUsed(byScale) ? on.columnSum(product) : '', isUsed(byBias) ? on.columnSum(g) : ''];
};

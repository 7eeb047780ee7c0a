import { layerShapeRules } from './layer-shape-rules.js';
import type { OpAttributes, OpName } from './op-table.js';
import { elementCount, formatShape, isFloat, type Shape } from './shape.js';
import { are, fail, one, type ShapeRule, two } from './shape-checks.js';
import type { Tensor } from './tensor.js';

/** Shape of two operands broadcast against each other: axes aligned at the end, sizes equal or 1 (numpy's rule). */
function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return undefined;
    shape.push(left === 1 ? right : left);
  }
  return shape;
}

const broadcasting =
  (op: OpName): ShapeRule<OpAttributes['add']> =>
  (inputs) => {
    const [a, b] = two(op, inputs);
    const shape = broadcastShapes(a.shape, b.shape);
    if (!shape || a.dtype !== b.dtype || !isFloat(a.dtype))
      return fail(op, 'shapes must broadcast, floats of one type', a, b);
    return [{ shape, dtype: a.dtype }];
  };

const elementwise =
  (op: OpName): ShapeRule<OpAttributes['sigmoid']> =>
  (inputs) => {
    const x = one(op, inputs);
    if (!isFloat(x.dtype)) return fail(op, 'takes floats', x);
    return [{ shape: x.shape, dtype: x.dtype }];
  };

const alike =
  (op: 'geluGradient' | 'gatedSilu', count: number, rule: string): ShapeRule<OpAttributes[typeof op]> =>
  (inputs) => {
    const [x] = inputs;
    const isAlike = ({ shape, dtype }: Tensor): boolean =>
      dtype === x!.dtype && formatShape(shape) === formatShape(x!.shape);
    if (!x || inputs.length !== count || !isFloat(x.dtype) || !inputs.every(isAlike))
      return fail(op, rule, ...inputs);
    return [{ shape: x.shape, dtype: x.dtype }];
  };

function checkAxis(op: OpName, axis: number, x: Tensor): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= x.shape.length)
    fail(op, `axis ${axis} must lie in the shape`, x);
}

/** For ops on float32 rows [N,V] with a number [N,1] for each. */
function rowsWithNumbers(
  op: OpName,
  inputs: readonly Tensor[],
): { readonly rows: number; readonly length: number } {
  const [weights, numbers] = two(op, inputs);
  const [rows, length] = weights.shape;
  const fits =
    weights.shape.length === 2 &&
    formatShape(numbers.shape) === `[${rows},1]` &&
    are('float32', weights, numbers);
  if (!fits) return fail(op, 'takes float32 [N,V] and [N,1]', weights, numbers);
  return { rows: rows!, length: length! };
}

/**
 * The output shapes and types of each op. Every rule throws RangeError naming the op, the rule and the shapes
 * received.
 */
export const shapeRules: { readonly [Op in OpName]: ShapeRule<OpAttributes[Op]> } = {
  ...layerShapeRules,
  input: (_, { shape, dtype }) => [{ shape, dtype }],
  constant: (_, { values, shape, dtype }) => {
    if (values.length !== elementCount(shape)) {
      throw new RangeError(
        `constant: ${formatShape(shape)} needs ${elementCount(shape)} values; received ${values.length}`,
      );
    }
    return [{ shape, dtype }];
  },
  cast: (inputs, { dtype }) => {
    const x = one('cast', inputs);
    if (!isFloat(x.dtype)) return fail('cast', 'takes floats', x);
    return [{ shape: x.shape, dtype }];
  },
  add: broadcasting('add'),
  subtract: broadcasting('subtract'),
  multiply: broadcasting('multiply'),
  divide: broadcasting('divide'),
  squareRoot: elementwise('squareRoot'),
  sigmoid: elementwise('sigmoid'),
  gelu: elementwise('gelu'),
  geluGradient: alike('geluGradient', 3, 'takes three floats of one type and shape'),
  gatedSilu: alike('gatedSilu', 2, 'takes two floats of one type and shape'),
  softmax: elementwise('softmax'),
  matmul: (inputs, { transposeA, transposeB }) => {
    const [a, b] = two('matmul', inputs);
    const rule = 'inner sizes must agree, leading axes be equal (or b two-dimensional, a not transposed)';
    if (a.shape.length < 2 || b.shape.length < 2) return fail('matmul', rule, a, b);
    if (a.dtype !== b.dtype || !isFloat(a.dtype)) return fail('matmul', 'takes floats of one type', a, b);
    const [aRows, aColumns] = transposeA
      ? [a.shape.at(-1)!, a.shape.at(-2)!]
      : [a.shape.at(-2)!, a.shape.at(-1)!];
    const [bRows, bColumns] = transposeB
      ? [b.shape.at(-1)!, b.shape.at(-2)!]
      : [b.shape.at(-2)!, b.shape.at(-1)!];
    const leading = a.shape.slice(0, -2);
    const sameLeading = formatShape(leading) === formatShape(b.shape.slice(0, -2));
    const sharedMatrix = b.shape.length === 2 && !transposeA;
    if (aColumns !== bRows || !(sameLeading || sharedMatrix)) return fail('matmul', rule, a, b);
    return [{ shape: [...leading, aRows, bColumns], dtype: a.dtype }];
  },
  groupedMatmul: (inputs) => {
    const [x, w] = two('groupedMatmul', inputs);
    const [rows, width] = x.shape;
    const fits =
      x.shape.length === 2 && w.shape.length === 3 && width === w.shape[1] && rows! % w.shape[0]! === 0;
    if (!fits || !are('float32', x, w))
      return fail('groupedMatmul', 'takes float32 x [N,C], w [B,C,M]', x, w);
    return [{ shape: [rows!, w.shape[2]!], dtype: 'float32' }];
  },
  quantizedMatmul: (inputs) => {
    const [x, w, scales] = inputs;
    const fits =
      x?.shape.length === 2 && w?.shape.length === 2 && w.dtype === 'int8' && x.shape[1] === w.shape[0];
    if (!fits || formatShape(scales?.shape ?? []) !== `[${w.shape[1]}]`) {
      return fail('quantizedMatmul', 'takes x [N,C], int8 w [C,M], scales [M]', ...inputs);
    }
    const [, , , transposed, ownScales] = inputs;
    const fitsBackward =
      transposed?.dtype === 'int8' &&
      formatShape(transposed.shape) === formatShape(w.shape.toReversed()) &&
      formatShape(ownScales?.shape ?? []) === `[${w.shape[0]}]`;
    if (transposed && !fitsBackward)
      return fail('quantizedMatmul', 'takes int8 w transposed [M,C] with scales [C]', ...inputs);
    return [{ shape: [x.shape[0]!, w.shape[1]!], dtype: 'float32' }];
  },
  reduceSum: (inputs, { axes, keepDimensions }) => {
    const x = one('reduceSum', inputs);
    for (const axis of axes) checkAxis('reduceSum', axis, x);
    const shape = keepDimensions
      ? x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
      : x.shape.filter((_, axis) => !axes.includes(axis));
    if (!isFloat(x.dtype)) return fail('reduceSum', 'takes floats', x);
    return [{ shape, dtype: 'float32' }];
  },
  sumOfSquares: (inputs) => {
    const x = one('sumOfSquares', inputs);
    if (x.dtype !== 'float32') return fail('sumOfSquares', 'takes float32', x);
    return [{ shape: [], dtype: 'float32' }];
  },
  reshape: (inputs, { shape }) => {
    const x = one('reshape', inputs);
    if (elementCount(shape) !== elementCount(x.shape))
      return fail('reshape', `cannot become ${formatShape(shape)}`, x);
    return [{ shape, dtype: x.dtype }];
  },
  broadcastTo: (inputs, { shape }) => {
    const x = one('broadcastTo', inputs);
    if (formatShape(broadcastShapes(x.shape, shape) ?? []) !== formatShape(shape)) {
      return fail('broadcastTo', `cannot become ${formatShape(shape)}`, x);
    }
    return [{ shape, dtype: x.dtype }];
  },
  transpose: (inputs, { permutation }) => {
    const x = one('transpose', inputs);
    const isPermutation = [...permutation].sort((a, b) => a - b).every((axis, position) => axis === position);
    if (permutation.length !== x.shape.length || !isPermutation) {
      return fail('transpose', `${formatShape(permutation)} must name each axis once`, x);
    }
    return [{ shape: permutation.map((axis) => x.shape[axis]!), dtype: x.dtype }];
  },
  split: (inputs, { axis, sizes }) => {
    const x = one('split', inputs);
    checkAxis('split', axis, x);
    if (sizes.reduce((sum, size) => sum + size, 0) !== x.shape[axis]) {
      return fail('split', `sizes ${formatShape(sizes)} must add up along axis ${axis}`, x);
    }
    return sizes.map((size) => ({ shape: x.shape.with(axis, size), dtype: x.dtype }));
  },
  concat: (inputs, { axis }) => {
    const [first] = inputs;
    if (!first) return fail('concat', 'takes at least one input');
    checkAxis('concat', axis, first);
    const apart = formatShape(first.shape.with(axis, 0));
    const isAlike = ({ shape, dtype }: Tensor): boolean =>
      dtype === first.dtype && formatShape(shape.with(axis, 0)) === apart;
    if (!inputs.every(isAlike)) {
      return fail('concat', `inputs must be equal but along axis ${axis}`, ...inputs);
    }
    const size = inputs.reduce((sum, input) => sum + input.shape[axis]!, 0);
    return [{ shape: first.shape.with(axis, size), dtype: first.dtype }];
  },
  gatherRows: (inputs) => {
    const [table, indices] = two('gatherRows', inputs);
    if (table.shape.length !== 2 || indices.dtype !== 'int32') {
      return fail('gatherRows', 'takes a table [V,C] and int32 indices', table, indices);
    }
    return [{ shape: [...indices.shape, table.shape[1]!], dtype: table.dtype }];
  },
  scatterAddRows: (inputs, { rows }) => {
    const [updates, indices] = two('scatterAddRows', inputs);
    if (
      updates.shape.length !== 2 ||
      updates.dtype !== 'float32' ||
      indices.dtype !== 'int32' ||
      formatShape(indices.shape) !== `[${updates.shape[0]}]`
    ) {
      return fail('scatterAddRows', 'takes float32 rows [N,C] and int32 indices [N]', updates, indices);
    }
    return [{ shape: [rows, updates.shape[1]!], dtype: 'float32' }];
  },
  rowsWithin: (inputs) => {
    const indices = one('rowsWithin', inputs);
    if (indices.shape.length !== 1 || indices.dtype !== 'int32')
      return fail('rowsWithin', 'takes int32 indices [N]', indices);
    return [
      { shape: indices.shape, dtype: 'int32' },
      { shape: [indices.shape[0]!, 1], dtype: 'float32' },
    ];
  },
  argMax: (inputs) => {
    const x = one('argMax', inputs);
    if (x.shape.length !== 2 || x.dtype !== 'float32') return fail('argMax', 'takes float32 [N,V]', x);
    return [{ shape: [x.shape[0]!, 1], dtype: 'float32' }];
  },
  keepTopK: (inputs, { maximum }) => {
    const { rows, length } = rowsWithNumbers('keepTopK', inputs);
    if (!Number.isInteger(maximum) || maximum < 1 || maximum > length)
      return fail('keepTopK', `the largest count ${maximum} must be from 1 to V`, ...inputs);
    return [{ shape: [rows, length], dtype: 'float32' }];
  },
  keepTopP: (inputs) => {
    const { rows, length } = rowsWithNumbers('keepTopP', inputs);
    return [{ shape: [rows, length], dtype: 'float32' }];
  },
  drawByWeight: (inputs) => {
    const { rows } = rowsWithNumbers('drawByWeight', inputs);
    return [{ shape: [rows, 1], dtype: 'float32' }];
  },
};

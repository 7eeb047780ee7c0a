import { elementCount, type Shape } from '../../graph/shape.js';
import type { OpNode } from '../../graph/tensor.js';
import { attentionByProducts } from './cuda-attention.js';
import { geluGradient } from './device-gelu.js';
import { layerNormalizationGradientByProducts } from './device-norm.js';
import { columnSum, isColumnSum } from './device-sums.js';
import {
  crossEntropyOutputs,
  type ExportContext,
  type Exporter,
  hiddenInType,
  inFloat32,
  type OnnxTarget,
  paddingMask,
  rmsNormalizationGradient,
  samplingExporters,
  targetColumn,
} from './op-exporters.js';
import { deviceRowMeans } from './rms-norm.js';
import { onnxTypes } from './schema.js';
import type { OnnxWriter } from './writer.js';

/** A column or row of ones. */
const onesOf = (writer: OnnxWriter, shape: Shape): string =>
  writer.constant('float32', new Array<number>(elementCount(shape)).fill(1), shape);

/** Most elements of a matrix of ones and zeros at a time (64 MiB). */
const maximumMaskElements = 1 << 24;

/** Sizes of the parts that `whole` rows of `width` elements are cut into. */
function partSizes(whole: number, width: number): number[] {
  const step = Math.max(1, Math.floor(maximumMaskElements / width));
  return Array.from({ length: Math.ceil(whole / step) }, (_, part) => Math.min(step, whole - part * step));
}

/**
 * The sum as a product: row r of the table is the sum of the updates whose index is r, with a matrix of ones where index
 * and row agree. For tables of fewer rows than there are updates.
 */
const bySelection: Exporter<'scatterAddRows'> = ({ writer, nameOf }, { inputs, outputs: [sum] }) => {
  const [updates, indices] = inputs.map(nameOf) as [string, string];
  const count = inputs[0]!.shape[0]!;
  const tableRows = sum!.shape[0]!;
  const line = writer.emit('Reshape', [indices, writer.constant('int64', [1, count], [2])]);
  let first = 0;
  const parts = partSizes(tableRows, count).map((size) => {
    const numbers = Array.from({ length: size }, (_, row) => first + row);
    first += size;
    const equal = writer.emit('Equal', [writer.constant('int32', numbers, [size, 1]), line]);
    return writer.emit('MatMul', [writer.emit('Cast', [equal], { to: onnxTypes.float32 }), updates]);
  });
  return [writer.concat(parts, 0)];
};

/**
 * Each update is first replaced by the sum of all of its index, by a product with the matrix of equal indices, and by
 * zeros unless it is the first of its index. Then each row of the table gets one sum and otherwise zeros, which atomic
 * additions may bring in any order. (Writing all the sums of an index instead would need them to be equal to the last
 * bit, and two parts of a product may add in different orders.)
 */
const byFirstOccurrence: Exporter<'scatterAddRows'> = ({ writer, nameOf }, { inputs, outputs: [sum] }) => {
  const [updates, indices] = inputs.map(nameOf) as [string, string];
  const { shape } = inputs[0]!;
  const count = shape[0]!;
  const ones = onesOf(writer, [count, 1]);
  const toFloat = (x: string): string => writer.emit('Cast', [x], { to: onnxTypes.float32 });
  const column = writer.emit('Reshape', [indices, writer.constant('int64', [count, 1], [2])]);
  const line = writer.emit('Reshape', [indices, writer.constant('int64', [1, count], [2])]);
  const order = Array.from({ length: count }, (_, row) => row);
  const [orderColumn, orderLine] = [
    writer.constant('int32', order, [count, 1]),
    writer.constant('int32', order, [1, count]),
  ];
  const sizes = partSizes(count, count);
  const cut = (x: string): string[] => (sizes.length === 1 ? [x] : writer.split(x, 0, sizes));
  const orders = cut(orderColumn);
  const sums = cut(column).map((part, index) => {
    const equal = writer.emit('Equal', [part, line]);
    const total = writer.emit('MatMul', [toFloat(equal), updates]);
    const isEarlier = writer.emit('Less', [orderLine, orders[index]!]);
    const earlier = toFloat(writer.emit('And', [equal, isEarlier]));
    const before = writer.emit('MatMul', [earlier, ones]);
    const isFirst = toFloat(writer.emit('Less', [before, writer.constant('float32', [0.5], [])]));
    return writer.emit('Mul', [total, isFirst]);
  });
  const zeros = writer.emit('ConstantOfShape', [writer.constant('int64', sum!.shape, [2])]);
  const spread = writer.emit('Expand', [column, writer.constant('int64', shape, [2])]);
  const attributes = { axis: 0, reduction: 'add' };
  return [writer.emit('ScatterElements', [zeros, spread, writer.concat(sums, 0)], attributes)];
};

/** Most numbers that one product adds up to a single one; more are added in two products, each of many sums. */
const longestDot = 1 << 16;

/** Widest power of two that divides a number, up to 4096: the rows that a long vector is folded into. */
const foldOf = (size: number): number => Math.min(4096, size & -size);

/** Σ x over all elements of a matrix [rows, columns], [1,1]: the sums of its columns, then their sum. */
function sumOfMatrix(writer: OnnxWriter, x: string, [rows, columns]: readonly [number, number]): string {
  const byColumn = writer.emit('MatMul', [onesOf(writer, [1, rows]), x]);
  return writer.emit('MatMul', [byColumn, onesOf(writer, [columns, 1])]);
}

/** How a tensor is folded into a matrix of which both sums are short or many; undefined where it cannot be. */
function foldedShape(shape: Shape): readonly [number, number] | undefined {
  const size = elementCount(shape);
  if (size <= longestDot) return [1, size];
  const columns = shape.length > 1 ? shape.at(-1)! : foldOf(size);
  return columns >= 64 ? [size / columns, columns] : undefined;
}

/**
 * Sums over the first axes or the last one, or over all, as products with ones. ONNX Runtime's fast sums over the first axis
 * add by atomics; made deterministic, all of its sums are cuDNN's, which take a block a row.
 */
const reduceSum = (node: OpNode<'reduceSum'>): Exporter<'reduceSum'> | undefined => {
  if (isColumnSum(node)) return columnSum;
  const {
    inputs: [x],
    attributes: { axes, keepDimensions },
  } = node;
  const { shape, dtype } = x!;
  if (dtype !== 'float32' || shape.length === 0) return undefined;
  const last = shape.length - 1;
  const isAll = axes.length === shape.length;
  const folded = isAll ? foldedShape(shape) : undefined;
  if (folded) {
    return ({ writer, nameOf }, { outputs: [sum] }) => {
      const matrix = writer.emit('Reshape', [nameOf(x!), writer.constant('int64', folded, [2])]);
      const total = sumOfMatrix(writer, matrix, folded);
      return [writer.emit('Reshape', [total, writer.constant('int64', sum!.shape, [sum!.shape.length])])];
    };
  }
  if (axes.length !== 1) return undefined;
  const squeeze = (writer: OnnxWriter, total: string): string =>
    keepDimensions ? total : writer.emit('Squeeze', [total, writer.constant('int64', axes, [1])]);
  if (axes[0] === last) {
    return ({ writer, nameOf }) => {
      const total = writer.emit('MatMul', [nameOf(x!), onesOf(writer, [shape[last]!, 1])]);
      return [squeeze(writer, total)];
    };
  }
  return undefined;
};

/** The squares' sum, likewise. */
const sumOfSquares = ({ inputs: [x] }: OpNode<'sumOfSquares'>): Exporter<'sumOfSquares'> | undefined => {
  const folded = foldedShape(x!.shape);
  if (x!.dtype !== 'float32' || !folded) return undefined;
  return ({ writer, nameOf }) => {
    const matrix = writer.emit('Reshape', [nameOf(x!), writer.constant('int64', folded, [2])]);
    const total = sumOfMatrix(writer, writer.emit('Mul', [matrix, matrix]), folded);
    return [writer.emit('Reshape', [total, writer.constant('int64', [], [0])])];
  };
};

/** Columns that a factor grows by: with fewer, its rows would begin where no fast product reads them. */
const maskColumns = 8;

/**
 * The logits [N,P], those of padding masked. As a bias the mask would be written to all logits before the product, which
 * then reads them; here it is a column of the output layer, and 1 in each hidden state.
 */
function maskedLogits(context: ExportContext, node: OpNode<'paddedCrossEntropy'>): string {
  const { writer, nameOf } = context;
  const type = node.inputs[1]!.dtype;
  const [hidden, weight] = [hiddenInType(context, node), nameOf(node.inputs[1]!)];
  const mask = paddingMask(node);
  const wide = (x: string, column: readonly number[]): string => {
    const values = column.flatMap((value) => [value, ...new Array<number>(maskColumns - 1).fill(0)]);
    const columns = writer.constant(type, values, [column.length, maskColumns]);
    return writer.emit('Concat', [x, columns], { axis: 1 });
  };
  const ones = new Array<number>(node.inputs[0]!.shape[0]!).fill(1);
  const factors = mask.length > 0 ? [wide(hidden, ones), wide(weight, mask)] : [hidden, weight];
  return inFloat32(writer, writer.emit('Gemm', factors, { transB: 1 }), type);
}

/**
 * With log-probabilities, which have a kernel as fast as Softmax: the maximum of a row, which the logarithm of a sum of
 * exponentials otherwise begins with, is left to cuDNN by ONNX Runtime, one block a row (5 ms for 1,024 rows of
 * GPT-2's vocabulary on an H200, where Softmax takes 0.2).
 */
const paddedCrossEntropy: Exporter<'paddedCrossEntropy'> = (context, node) => {
  const { writer } = context;
  const logits = maskedLogits(context, node);
  const column = targetColumn(context, node);
  const logSoftmax = writer.emit('LogSoftmax', [logits], { axis: -1 });
  const found = writer.emit('GatherElements', [logSoftmax, column], { axis: 1 });
  const [softmax, atTarget] = [logSoftmax, found].map((x) => writer.emit('Exp', [x])) as [string, string];
  return crossEntropyOutputs(context, { losses: writer.emit('Neg', [found]), softmax, atTarget, column });
};

const sampling = samplingExporters({ sorts: true, sumsByProducts: true });

/**
 * ONNX Runtime's CUDA provider, with sums in an order that is the same in every run: its ScatterElements adds rows of equal
 * index by atomics, and so does its ReduceSum over rows. Its GroupQueryAttention knows no float32.
 */
export const cudaTarget: OnnxTarget = {
  overrides: {
    geluGradient: () => geluGradient(true),
    layerNormalizationGradient: () => layerNormalizationGradientByProducts,
    rmsNormalizationGradient: () => rmsNormalizationGradient(deviceRowMeans),
    paddedCrossEntropy: () => paddedCrossEntropy,
    reduceSum,
    sumOfSquares,
    scatterAddRows: ({ inputs: [updates], outputs: [sum] }) =>
      elementCount(sum!.shape) <= elementCount(updates!.shape) ? bySelection : byFirstOccurrence,
    cachedAttention: ({ inputs: [, keys] }) => (keys!.dtype === 'float32' ? attentionByProducts : undefined),
    keepTopK: () => sampling.keepTopK,
    keepTopP: () => sampling.keepTopP,
    drawByWeight: () => sampling.drawByWeight,
  },
};

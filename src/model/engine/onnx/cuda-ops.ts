import { elementCount } from '../../graph/shape.js';
import { attentionByProducts } from './cuda-attention.js';
import type { Exporter, OnnxTarget } from './op-exporters.js';
import { onnxTypes } from './schema.js';

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
  const lastAxis = writer.constant('int64', [1], [1]);
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
    const before = writer.emit('ReduceSum', [earlier, lastAxis]);
    const isFirst = toFloat(writer.emit('Less', [before, writer.constant('float32', [0.5], [])]));
    return writer.emit('Mul', [total, isFirst]);
  });
  const zeros = writer.emit('ConstantOfShape', [writer.constant('int64', sum!.shape, [2])]);
  const spread = writer.emit('Expand', [column, writer.constant('int64', shape, [2])]);
  const attributes = { axis: 0, reduction: 'add' };
  return [writer.emit('ScatterElements', [zeros, spread, writer.concat(sums, 0)], attributes)];
};

/**
 * ONNX Runtime's CUDA provider. Its ScatterElements adds rows of equal index by atomics in any order, and sums would
 * differ from run to run. Its GroupQueryAttention knows no float32.
 */
export const cudaTarget: OnnxTarget = {
  overrides: {
    scatterAddRows: ({ inputs: [updates], outputs: [sum] }) =>
      elementCount(sum!.shape) <= elementCount(updates!.shape) ? bySelection : byFirstOccurrence,
    cachedAttention: ({ inputs: [, keys] }) => (keys!.dtype === 'float32' ? attentionByProducts : undefined),
  },
};

/**
 * Sampling from rows of weights [N,V], written in operators that ONNX Runtime 1.30 has float32 kernels for on CUDA,
 * WebGPU and the processor, in the versions of opset 20 (CUDA's Equal and Pad are of earlier ones). On both kinds of card CumSum adds up
 * each element's sum from the start, so that over a whole vocabulary it would take V²/2 additions; and one sum after the
 * other of 50,257 numbers loses digits. So a row is cut into blocks of about √V: sums of blocks, then of the elements
 * of the one block that matters.
 */
import { onnxTypes } from './schema.js';
import type { OnnxWriter } from './writer.js';

/** Rows of weights cut into blocks. */
interface Blocks {
  /** [N,B,b] */
  readonly values: string;
  /** B */
  readonly count: number;
  /** b */
  readonly size: number;
}

/** b: the power of two next to √V from above. */
const blockSize = (length: number): number => 2 ** Math.ceil(Math.log2(length) / 2);

const integers = (writer: OnnxWriter, ...values: number[]): string =>
  writer.constant('int64', values, [values.length]);

const number = (writer: OnnxWriter, value: number): string => writer.constant('float32', [value], []);

const toFloat = (writer: OnnxWriter, truth: string): string =>
  writer.emit('Cast', [truth], { to: onnxTypes.float32 });

const keptWhere = (writer: OnnxWriter, condition: string, x: string): string =>
  writer.emit('Where', [condition, x, number(writer, 0)]);

/** A number for each row, as [N,1] or, beside blocks, [N,1,1]. */
const asColumn = (writer: OnnxWriter, x: string): string =>
  writer.emit('Reshape', [x, integers(writer, -1, 1)]);
const besideBlocks = (writer: OnnxWriter, x: string): string =>
  writer.emit('Reshape', [x, integers(writer, -1, 1, 1)]);

/** Cuts rows [N,V] into blocks, the last one filled up with zeros. */
function inBlocks(writer: OnnxWriter, x: string, length: number): Blocks {
  const size = blockSize(length);
  const count = Math.ceil(length / size);
  const missing = count * size - length;
  const zeros = (): string => writer.emit('Mul', [firstOf(writer, x, missing), number(writer, 0)]);
  const whole = missing === 0 ? x : writer.emit('Concat', [x, zeros()], { axis: 1 });
  return { values: writer.emit('Reshape', [whole, integers(writer, -1, count, size)]), count, size };
}

/** The first columns of rows. */
const firstOf = (writer: OnnxWriter, x: string, columns: number): string =>
  writer.emit('Slice', [x, integers(writer, 0), integers(writer, columns), integers(writer, 1)]);

/** Rows [N,V] of blocks. */
function inRows(writer: OnnxWriter, { values, count, size }: Blocks, length: number): string {
  const whole = writer.emit('Reshape', [values, integers(writer, -1, count * size)]);
  return count * size === length ? whole : firstOf(writer, whole, length);
}

/** Cumulative sums along axis 1 of [N,n], each row's total [N,1], and the total's float32 before it. */
function cumulate(
  writer: OnnxWriter,
  x: string,
  count: number,
): { readonly sums: string; readonly total: string; readonly belowTotal: string } {
  const sums = writer.emit('CumSum', [x, writer.constant('int64', [1], [])]);
  const total = writer.emit('Gather', [sums, writer.constant('int32', [count - 1], [1])], { axis: 1 });
  const belowTotal = writer.emit('Mul', [total, number(writer, 1 - 2 ** -23)]);
  return { sums, total, belowTotal };
}

/** How many of [N,n] are at most `limit` [N,1]: of cumulative sums, the index of the first that exceeds it. */
const countUpTo = (writer: OnnxWriter, sums: string, limit: string): string =>
  writer.emit('ReduceSum', [toFloat(writer, writer.emit('LessOrEqual', [sums, limit])), integers(writer, 1)]);

/**
 * The first index of each row at which the cumulative sum exceeds a limit; where rounding keeps all of it below, the
 * last one with some weight. Where none has any, the index is meaningless.
 * @param limitOf the limit [N,1], given the row's total [N,1].
 * @returns the index as float32 [N,1], and the total.
 */
function firstBeyond(
  writer: OnnxWriter,
  { values, count, size }: Blocks,
  limitOf: (total: string) => string,
): { readonly index: string; readonly total: string } {
  const sums = writer.emit('ReduceSum', [values, integers(writer, 2)], { keepdims: 0 });
  const blocks = cumulate(writer, sums, count);
  const limit = writer.emit('Min', [limitOf(blocks.total), blocks.belowTotal]);
  const counted = countUpTo(writer, blocks.sums, limit);
  const block = writer.emit('Min', [counted, number(writer, count - 1)]);
  const place = writer.emit('Cast', [block], { to: onnxTypes.int64 });
  const exclusive = writer.emit('CumSum', [sums, writer.constant('int64', [1], [])], { exclusive: 1 });
  const before = writer.emit('GatherElements', [exclusive, place], { axis: 1 });
  const elements = cumulate(writer, writer.emit('GatherND', [values, place], { batch_dims: 1 }), size);
  const rest = writer.emit('Min', [writer.emit('Sub', [limit, before]), elements.belowTotal]);
  const first = writer.emit('Mul', [block, number(writer, size)]);
  const index = writer.emit('Add', [first, countUpTo(writer, elements.sums, rest)]);
  return { index, total: blocks.total };
}

/**
 * Inverse transform sampling (Devroye, "Non-Uniform Random Variate Generation", 1986, section III.2.1): the first index
 * at which the cumulative sum of the weights exceeds `points` [N,1], in [0,1), times their total.
 * @returns float32 [N,1]; −1 where the total is no number above 0.
 */
export function drawNodes(writer: OnnxWriter, weights: string, points: string, length: number): string {
  const blocks = inBlocks(writer, weights, length);
  const { index, total } = firstBeyond(writer, blocks, (sum) => writer.emit('Mul', [points, sum]));
  const isValid = writer.emit('Greater', [total, number(writer, 0)]);
  return writer.emit('Where', [isValid, index, number(writer, -1)]);
}

/** −1 in place of an index where what it points to is no finite number. */
function checked(writer: OnnxWriter, index: string, value: string): string {
  const largestFloat = number(writer, 3.4028234e38);
  const isNumber = writer.emit('LessOrEqual', [writer.emit('Abs', [value]), largestFloat]);
  return writer.emit('Where', [isNumber, index, number(writer, -1)]);
}

/** The index of the largest of each row, the first of several, by TopK: CUDA has a kernel of one pass for it. */
export function argMaxByTopK(writer: OnnxWriter, x: string): string {
  const [value, place] = writer.emitMany('TopK', [x, integers(writer, 1)], 2) as [string, string];
  return checked(writer, writer.emit('Cast', [place], { to: onnxTypes.float32 }), value);
}

/**
 * The same in blocks. WebGPU has one thread for each row of ArgMax, and sorts for TopK; and no Cast from the int64 that
 * ArgMax gives, so its float32 is looked up.
 */
export function argMaxInBlocks(writer: OnnxWriter, x: string, length: number): string {
  // Zeros would be larger than negative numbers, so the last block is filled up with the row's first ones.
  const size = blockSize(length);
  const count = Math.ceil(length / size);
  const missing = count * size - length;
  const whole = missing === 0 ? x : writer.emit('Concat', [x, firstOf(writer, x, missing)], { axis: 1 });
  const values = writer.emit('Reshape', [whole, integers(writer, -1, count, size)]);
  const largest = writer.emit('ReduceMax', [values, integers(writer, 2)], { keepdims: 0 });
  const block = writer.emit('ArgMax', [largest], { axis: 1 });
  const elements = writer.emit('GatherND', [values, block], { batch_dims: 1 });
  const element = writer.emit('ArgMax', [elements], { axis: 1 });
  const numbers = (counted: number, step: number): string =>
    writer.constant(
      'float32',
      Array.from({ length: counted }, (_, index) => step * index),
      [counted],
    );
  const index = writer.emit('Add', [
    writer.emit('Gather', [numbers(count, size), block]),
    writer.emit('Gather', [numbers(size, 1), element]),
  ]);
  return checked(writer, index, writer.emit('GatherElements', [elements, element], { axis: 1 }));
}

/** How much of a row reaches a cutoff: how many weights, or their sum. */
type Measure = 'count' | 'mass';

/** The sum [N,1,1] of blocks, and of their sums: in one go float32 would lose digits. */
function sumOfBlocks(writer: OnnxWriter, values: string): string {
  const sums = writer.emit('ReduceSum', [values, integers(writer, 2)]);
  return writer.emit('ReduceSum', [sums, integers(writer, 1)]);
}

/** The measure [N,1,1] of the weights for which `condition` holds. */
function measured(writer: OnnxWriter, measure: Measure, condition: string, weights: string): string {
  if (measure === 'mass') return sumOfBlocks(writer, keptWhere(writer, condition, weights));
  return writer.emit('ReduceSum', [toFloat(writer, condition), integers(writer, 1, 2)]);
}

/** Weights below it are never kept: all of 50,257 add up to less than a rounding error of the rest. */
const leastWeight = 2 ** -63;

/**
 * The largest float32 t [N,1,1] such that the weights ≥ t measure at least `target` [N,1,1]; 2⁻⁶³ if none does. It is
 * found bit by bit, 6 of the exponent and 23 of the significand, so it is exact: the weight at the cutoff, not a number
 * near it. A sort of the row would take CUDA one radix sort after the other for each row, and WebGPU 138 dispatches over
 * all of it, written and read again; a bit takes 6 nodes (7 for a mass), three of which read [N,V], one of which writes it.
 */
function cutoffByBits(writer: OnnxWriter, weights: string, measure: Measure, target: string): string {
  let cutoff = number(writer, leastWeight);
  const raiseTo = (raised: string): void => {
    const reached = measured(writer, measure, writer.emit('GreaterOrEqual', [weights, raised]), weights);
    cutoff = writer.emit('Where', [writer.emit('GreaterOrEqual', [reached, target]), raised, cutoff]);
  };
  for (const bits of [32, 16, 8, 4, 2, 1]) raiseTo(writer.emit('Mul', [cutoff, number(writer, 2 ** bits)]));
  const significand = Array.from({ length: 23 }, (_, bit) => 2 ** -(bit + 1));
  const shape = [1, 1, significand.length];
  const steps = writer.emit('Mul', [cutoff, writer.constant('float32', significand, shape)]);
  const ones = significand.map(() => 1);
  for (const step of writer.split(steps, 2, ones)) raiseTo(writer.emit('Add', [cutoff, step]));
  return cutoff;
}

/**
 * The weights above a cutoff, and the first of those equal to it, as many as bring the measure to `target`; zeros in
 * place of the others. Cutoff and target are [N,1,1].
 */
function keepFrom(
  writer: OnnxWriter,
  { values, count, size }: Blocks,
  {
    measure,
    cutoff,
    target,
  }: { readonly measure: Measure; readonly cutoff: string; readonly target: string },
): Blocks {
  const isAbove = writer.emit('Greater', [values, cutoff]);
  const missing = writer.emit('Sub', [target, measured(writer, measure, isAbove, values)]);
  const isFrom = writer.emit('GreaterOrEqual', [values, cutoff]);
  // The tie that brings the count to `missing`, or to missing / cutoff, which division may round up.
  const limit =
    measure === 'count'
      ? writer.emit('Sub', [missing, number(writer, 0.5)])
      : writer.emit('Mul', [writer.emit('Div', [missing, cutoff]), number(writer, 1 - 2 ** -21)]);
  const isTie = writer.emit('Where', [isAbove, number(writer, 0), toFloat(writer, isFrom)]);
  const ties = { values: isTie, count, size };
  const last = firstBeyond(writer, ties, () => asColumn(writer, limit)).index;
  const ids = writer.constant(
    'float32',
    Array.from({ length: count * size }, (_, id) => id),
    [1, count, size],
  );
  const isFirst = writer.emit('LessOrEqual', [ids, besideBlocks(writer, last)]);
  const isKept = writer.emit('Or', [isAbove, writer.emit('And', [isFrom, isFirst])]);
  return { values: keptWhere(writer, isKept, values), count, size };
}

/** Largest k whose cutoff is read off a sorted list: up to here CUDA's TopK has a kernel over a long row for it. */
const largestSortedK = 256;

/** The weight [N,1] that has the rank `counts` [N,1], by TopK; 2⁻⁶³ where that is above `maximum`. */
function cutoffByTopK(writer: OnnxWriter, weights: string, counts: string, maximum: number): string {
  const [largest] = writer.emitMany('TopK', [weights, integers(writer, maximum)], 2) as [string, string];
  const last = writer.emit('Min', [counts, number(writer, maximum)]);
  const place = writer.emit('Cast', [writer.emit('Sub', [last, number(writer, 1)])], { to: onnxTypes.int64 });
  const value = writer.emit('GatherElements', [largest, place], { axis: 1 });
  const keepsAll = writer.emit('Greater', [counts, number(writer, maximum)]);
  return writer.emit('Where', [keepsAll, number(writer, leastWeight), value]);
}

/**
 * The `counts` [N,1] largest weights of each row, the first of equal ones; zeros in place of the others.
 * @param maximum no row keeps more, unless it keeps all.
 * @param sorts whether the device has a fast TopK.
 */
export function topKNodes(
  writer: OnnxWriter,
  [weights, counts]: readonly [string, string],
  { length, maximum, sorts }: { readonly length: number; readonly maximum: number; readonly sorts: boolean },
): string {
  const measure = 'count';
  const blocks = inBlocks(writer, weights, length);
  const target = besideBlocks(writer, counts);
  const cutoff =
    sorts && maximum <= largestSortedK
      ? besideBlocks(writer, cutoffByTopK(writer, weights, counts, maximum))
      : cutoffByBits(writer, blocks.values, measure, target);
  return inRows(writer, keepFrom(writer, blocks, { measure, cutoff, target }), length);
}

/**
 * The fewest largest weights of each row that together reach `shares` [N,1] of their sum, the first of equal ones; all
 * of them where the share is above 1; zeros in place of the others.
 */
export function topPNodes(writer: OnnxWriter, weights: string, shares: string, length: number): string {
  const measure = 'mass';
  const blocks = inBlocks(writer, weights, length);
  const target = writer.emit('Mul', [besideBlocks(writer, shares), sumOfBlocks(writer, blocks.values)]);
  const cutoff = cutoffByBits(writer, blocks.values, measure, target);
  return inRows(writer, keepFrom(writer, blocks, { measure, cutoff, target }), length);
}

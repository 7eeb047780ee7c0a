/**
 * Sampling from rows of weights [N,V], written in operators that ONNX Runtime 1.30 has float32 kernels for on CUDA,
 * WebGPU and the processor, in the versions of opset 20 (CUDA's Equal and Pad are of earlier ones; WebGPU has no Or). On
 * both kinds of card CumSum adds up each element's sum from the start, so that over a whole vocabulary it would take V²/2
 * additions; and one sum after the other of 50,257 numbers loses digits. So a row is cut into blocks of about √V: sums of
 * blocks, then of the elements of the one block that matters. Numbers for rows are [N,1].
 */
import { onnxTypes } from './schema.js';
import type { OnnxWriter } from './writer.js';

/** A model being written, and what its device is fast at. */
export interface SamplingForm {
  readonly writer: OnnxWriter;
  /** Whether its TopK is fast over a long row. */
  readonly sorts: boolean;
  /** Whether products with ones are to sum, as its ReduceSum is slow or adds in no fixed order. */
  readonly sumsByProducts: boolean;
}

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

/** The length from V on that comes out even in blocks: rows of it need not be filled up. */
export const evenLength = (length: number): number =>
  Math.ceil(length / blockSize(length)) * blockSize(length);

const integers = ({ writer }: SamplingForm, ...values: number[]): string =>
  writer.constant('int64', values, [values.length]);

const number = ({ writer }: SamplingForm, value: number): string => writer.constant('float32', [value], []);

const ones = ({ writer }: SamplingForm, count: number): string =>
  writer.constant('float32', new Array<number>(count).fill(1), [count, 1]);

const toFloat = ({ writer }: SamplingForm, truth: string): string =>
  writer.emit('Cast', [truth], { to: onnxTypes.float32 });

const keptWhere = (form: SamplingForm, condition: string, x: string): string =>
  form.writer.emit('Where', [condition, x, number(form, 0)]);

/** Numbers [N,1] as [N,1,1], to compare with blocks. */
const besideBlocks = (form: SamplingForm, x: string): string =>
  form.writer.emit('Reshape', [x, integers(form, -1, 1, 1)]);

/** Sums [N,1] of rows [N,n]. */
const rowSum = (form: SamplingForm, x: string, count: number): string =>
  form.sumsByProducts
    ? form.writer.emit('MatMul', [x, ones(form, count)])
    : form.writer.emit('ReduceSum', [x, integers(form, 1)]);

/** Sums [N,B] of blocks. */
function blockSums(form: SamplingForm, { values, count, size }: Blocks): string {
  const { writer } = form;
  if (!form.sumsByProducts) return writer.emit('ReduceSum', [values, integers(form, 2)], { keepdims: 0 });
  const sums = writer.emit('MatMul', [values, ones(form, size)]);
  return writer.emit('Reshape', [sums, integers(form, -1, count)]);
}

/** Sums [N,1] of the sums of blocks. */
const sumOfBlocks = (form: SamplingForm, blocks: Blocks): string =>
  rowSum(form, blockSums(form, blocks), blocks.count);

/** The first columns of rows. */
const firstOf = (form: SamplingForm, x: string, columns: number): string =>
  form.writer.emit('Slice', [x, integers(form, 0), integers(form, columns), integers(form, 1)]);

/** Cuts rows [N,V] into blocks, the last one filled up with the row's first weights, or with zeros. */
function inBlocks(
  form: SamplingForm,
  x: string,
  length: number,
  fillsWith: 'zeros' | 'weights',
  size = blockSize(length),
): Blocks {
  const { writer } = form;
  const count = Math.ceil(length / size);
  const missing = count * size - length;
  let whole = x;
  if (missing > 0) {
    const first = firstOf(form, x, missing);
    const filling = fillsWith === 'zeros' ? writer.emit('Mul', [first, number(form, 0)]) : first;
    whole = writer.emit('Concat', [x, filling], { axis: 1 });
  }
  return { values: writer.emit('Reshape', [whole, integers(form, -1, count, size)]), count, size };
}

/** Rows [N,V] of blocks. */
function inRows(form: SamplingForm, { values, count, size }: Blocks, length: number): string {
  const whole = form.writer.emit('Reshape', [values, integers(form, -1, count * size)]);
  return count * size === length ? whole : firstOf(form, whole, length);
}

/** Cumulative sums along axis 1 of [N,n], each row's total [N,1], and the total's float32 before it. */
function cumulate(
  form: SamplingForm,
  x: string,
  count: number,
): { readonly sums: string; readonly total: string; readonly belowTotal: string } {
  const { writer } = form;
  const sums = writer.emit('CumSum', [x, writer.constant('int64', [1], [])]);
  const total = writer.emit('Gather', [sums, writer.constant('int32', [count - 1], [1])], { axis: 1 });
  return { sums, total, belowTotal: writer.emit('Mul', [total, number(form, 1 - 2 ** -23)]) };
}

/** How many of [N,n] are at most `limit` [N,1]: of cumulative sums, the index of the first that exceeds it. */
const countUpTo = (form: SamplingForm, sums: string, limit: string, count: number): string =>
  rowSum(form, toFloat(form, form.writer.emit('LessOrEqual', [sums, limit])), count);

/**
 * The first index of each row at which the cumulative sum exceeds a limit; where rounding keeps all of it below, the
 * last one with some weight. Where none has any, the index is meaningless.
 * @param limitOf the limit [N,1], given the row's total [N,1].
 * @returns the index as float32 [N,1], and the total.
 */
function firstBeyond(
  form: SamplingForm,
  blocks: Blocks,
  limitOf: (total: string) => string,
): { readonly index: string; readonly total: string } {
  const { writer } = form;
  const { values, count, size } = blocks;
  const ofBlocks = blockSums(form, blocks);
  const { sums, total, belowTotal } = cumulate(form, ofBlocks, count);
  const limit = writer.emit('Min', [limitOf(total), belowTotal]);
  const counted = countUpTo(form, sums, limit, count);
  const block = writer.emit('Min', [counted, number(form, count - 1)]);
  const place = writer.emit('Cast', [block], { to: onnxTypes.int64 });
  const exclusive = writer.emit('CumSum', [ofBlocks, writer.constant('int64', [1], [])], { exclusive: 1 });
  const before = writer.emit('GatherElements', [exclusive, place], { axis: 1 });
  const elements = cumulate(form, writer.emit('GatherND', [values, place], { batch_dims: 1 }), size);
  const rest = writer.emit('Min', [writer.emit('Sub', [limit, before]), elements.belowTotal]);
  const first = writer.emit('Mul', [block, number(form, size)]);
  return { index: writer.emit('Add', [first, countUpTo(form, elements.sums, rest, size)]), total };
}

/**
 * Inverse transform sampling (Devroye, "Non-Uniform Random Variate Generation", 1986, section III.2.1): the first index
 * at which the cumulative sum of the weights exceeds `points` [N,1], in [0,1), times their total.
 * @returns float32 [N,1]; −1 where the total is no number above 0.
 */
export function drawNodes(form: SamplingForm, weights: string, points: string, length: number): string {
  const { writer } = form;
  const blocks = inBlocks(form, weights, length, 'zeros');
  const { index, total } = firstBeyond(form, blocks, (sum) => writer.emit('Mul', [points, sum]));
  const isValid = writer.emit('Greater', [total, number(form, 0)]);
  return writer.emit('Where', [isValid, index, number(form, -1)]);
}

/**
 * The index of the largest of each row [N,V], the first of several; −1 where that is no finite number. By TopK, for which
 * CUDA has a kernel of one pass. WebGPU sorts for TopK, has one thread for each row of ArgMax, and no Cast from the int64
 * that ArgMax gives: there it goes by blocks, and indices are looked up as float32.
 */
export function argMaxNodes(form: SamplingForm, x: string, length: number): string {
  const { writer } = form;
  const checked = (index: string, value: string): string => {
    const isNumber = writer.emit('LessOrEqual', [writer.emit('Abs', [value]), number(form, 3.4028234e38)]);
    return writer.emit('Where', [isNumber, index, number(form, -1)]);
  };
  if (form.sorts) {
    const [value, place] = writer.emitMany('TopK', [x, integers(form, 1)], 2) as [string, string];
    return checked(writer.emit('Cast', [place], { to: onnxTypes.float32 }), value);
  }
  const { values, count, size } = inBlocks(form, x, length, 'weights');
  const largest = writer.emit('ReduceMax', [values, integers(form, 2)], { keepdims: 0 });
  const block = writer.emit('ArgMax', [largest], { axis: 1 });
  const elements = writer.emit('GatherND', [values, block], { batch_dims: 1 });
  const element = writer.emit('ArgMax', [elements], { axis: 1 });
  const multiples = (step: number, of: number): string =>
    writer.constant(
      'float32',
      Array.from({ length: of }, (_, index) => step * index),
      [of],
    );
  const index = writer.emit('Add', [
    writer.emit('Gather', [multiples(size, count), block]),
    writer.emit('Gather', [multiples(1, size), element]),
  ]);
  return checked(index, writer.emit('GatherElements', [elements, element], { axis: 1 }));
}

/** How much of a row reaches a cutoff: how many weights, or their sum. */
type Measure = 'count' | 'mass';

/** The measure [N,1] of the weights for which `condition` [N,B,b] holds. */
function measured(form: SamplingForm, measure: Measure, condition: string, blocks: Blocks): string {
  if (measure === 'mass')
    return sumOfBlocks(form, { ...blocks, values: keptWhere(form, condition, blocks.values) });
  const truths = toFloat(form, condition);
  if (form.sumsByProducts) return sumOfBlocks(form, { ...blocks, values: truths });
  // Whole numbers lose no digits.
  const counts = form.writer.emit('ReduceSum', [truths, integers(form, 1, 2)]);
  return form.writer.emit('Reshape', [counts, integers(form, -1, 1)]);
}

/** Weights below it are never kept: all of 50,257 add up to less than a rounding error of the rest. */
const leastWeight = 2 ** -63;

/**
 * The largest float32 t [N,1] such that the weights ≥ t measure at least `target` [N,1]; 2⁻⁶³ if none does. It is found
 * bit by bit, 6 of the exponent and 23 of the significand, so it is exact: the weight at the cutoff, not a number near it.
 * A sort of the row would take CUDA one radix sort after the other for each row, and WebGPU 138 dispatches over all of
 * it, written and read again; a bit takes 6 dispatches (7 for a mass), three of which read [N,V], one of which writes it.
 */
function cutoffByBits(form: SamplingForm, blocks: Blocks, measure: Measure, target: string): string {
  const { writer } = form;
  let cutoff = writer.emit('Mul', [target, number(form, 0)]);
  cutoff = writer.emit('Add', [cutoff, number(form, leastWeight)]);
  const raiseTo = (raised: string): void => {
    const isFrom = writer.emit('GreaterOrEqual', [blocks.values, besideBlocks(form, raised)]);
    const isReached = writer.emit('GreaterOrEqual', [measured(form, measure, isFrom, blocks), target]);
    cutoff = writer.emit('Where', [isReached, raised, cutoff]);
  };
  for (const bits of [32, 16, 8, 4, 2, 1]) raiseTo(writer.emit('Mul', [cutoff, number(form, 2 ** bits)]));
  const significand = Array.from({ length: 23 }, (_, bit) => 2 ** -(bit + 1));
  const halves = writer.constant('float32', significand, [1, significand.length]);
  const steps = writer.split(
    writer.emit('Mul', [cutoff, halves]),
    1,
    significand.map(() => 1),
  );
  for (const step of steps) raiseTo(writer.emit('Add', [cutoff, step]));
  return cutoff;
}

/**
 * The weights above a cutoff, and the first of those equal to it, as many as bring the measure to `target`; zeros in
 * place of the others. Cutoff and target are [N,1].
 */
function keepFrom(
  form: SamplingForm,
  blocks: Blocks,
  {
    measure,
    cutoff,
    target,
  }: { readonly measure: Measure; readonly cutoff: string; readonly target: string },
): Blocks {
  const { writer } = form;
  const { values, count, size } = blocks;
  const beside = besideBlocks(form, cutoff);
  const isAbove = writer.emit('Greater', [values, beside]);
  const isFrom = writer.emit('GreaterOrEqual', [values, beside]);
  const missing = writer.emit('Sub', [target, measured(form, measure, isAbove, blocks)]);
  // The tie that brings the count to `missing`, or to missing / cutoff, which division may round up.
  const limit =
    measure === 'count'
      ? writer.emit('Sub', [missing, number(form, 0.5)])
      : writer.emit('Mul', [writer.emit('Div', [missing, cutoff]), number(form, 1 - 2 ** -21)]);
  const isTie = writer.emit('Where', [isAbove, number(form, 0), toFloat(form, isFrom)]);
  const last = firstBeyond(form, { ...blocks, values: isTie }, () => limit).index;
  const ids = writer.constant(
    'float32',
    Array.from({ length: count * size }, (_, id) => id),
    [1, count, size],
  );
  const isFirst = writer.emit('LessOrEqual', [ids, besideBlocks(form, last)]);
  const upToTie = keptWhere(form, writer.emit('And', [isFrom, isFirst]), values);
  return { ...blocks, values: writer.emit('Where', [isAbove, values, upToTie]) };
}

/** Largest k whose cutoff is read off a sorted list: up to here CUDA's TopK has a kernel over a long row for it. */
const largestSortedK = 256;
/** Longest row that WebGPU's TopK sorts in one dispatch, in a work group's memory; a longer one takes 138. */
const longestSort = 2048;

/** The `maximum` largest weights of each row, largest first: of long rows those of the blocks' largest. */
function largestWeights(form: SamplingForm, weights: string, length: number, maximum: number): string {
  const { writer } = form;
  const largest = (x: string): string => writer.emitMany('TopK', [x, integers(form, maximum)], 2)[0]!;
  if (form.sorts || length <= longestSort) return largest(weights);
  const { values, count } = inBlocks(form, weights, length, 'zeros', longestSort);
  const rest = writer.emit('Reshape', [largest(values), integers(form, -1, count * maximum)]);
  return largestWeights(form, rest, count * maximum, maximum);
}

/** The weight [N,1] that has the rank `counts` [N,1], by TopK; 2⁻⁶³ where that is above `maximum`. */
function cutoffByTopK(
  form: SamplingForm,
  [weights, counts]: readonly [string, string],
  { length, maximum }: { readonly length: number; readonly maximum: number },
): string {
  const { writer } = form;
  const largest = largestWeights(form, weights, length, maximum);
  const last = writer.emit('Min', [counts, number(form, maximum)]);
  const place = writer.emit('Cast', [writer.emit('Sub', [last, number(form, 1)])], { to: onnxTypes.int64 });
  const value = writer.emit('GatherElements', [largest, place], { axis: 1 });
  const keepsAll = writer.emit('Greater', [counts, number(form, maximum)]);
  return writer.emit('Where', [keepsAll, number(form, leastWeight), value]);
}

/**
 * The `counts` [N,1] largest weights of each row, the first of equal ones; zeros in place of the others.
 * @param maximum no row keeps more, unless it keeps all.
 */
export function topKNodes(
  form: SamplingForm,
  [weights, counts]: readonly [string, string],
  { length, maximum }: { readonly length: number; readonly maximum: number },
): string {
  const blocks = inBlocks(form, weights, length, 'zeros');
  const cutoff =
    maximum <= largestSortedK
      ? cutoffByTopK(form, [weights, counts], { length, maximum })
      : cutoffByBits(form, blocks, 'count', counts);
  return inRows(form, keepFrom(form, blocks, { measure: 'count', cutoff, target: counts }), length);
}

/**
 * The fewest largest weights of each row that together reach `shares` [N,1] of their sum, the first of equal ones; all
 * of them where the share is above 1; zeros in place of the others.
 */
export function topPNodes(form: SamplingForm, weights: string, shares: string, length: number): string {
  const blocks = inBlocks(form, weights, length, 'zeros');
  const target = form.writer.emit('Mul', [shares, sumOfBlocks(form, blocks)]);
  const cutoff = cutoffByBits(form, blocks, 'mass', target);
  return inRows(form, keepFrom(form, blocks, { measure: 'mass', cutoff, target }), length);
}

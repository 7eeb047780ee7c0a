import type { OpAttributes, OpName } from './op-table.js';
import { type DType, elementCount, type FloatType, type Shape } from './shape.js';
import { shapeRules } from './shape-rules.js';
import type { OpNode, Tensor } from './tensor.js';

/**
 * Creates a node; the op's shape rule gives its output shapes.
 * @throws RangeError naming op, rule and shapes received.
 */
export function apply<Op extends OpName>(
  op: Op,
  inputs: readonly Tensor[],
  attributes: OpAttributes[Op],
): readonly Tensor[] {
  const specifications = shapeRules[op](inputs, attributes);
  const outputs: Tensor[] = [];
  const node = { op, inputs, attributes, outputs } as OpNode;
  for (const [index, { shape, dtype }] of specifications.entries())
    outputs.push({ node, index, shape, dtype });
  return outputs;
}

function single<Op extends OpName>(op: Op, inputs: readonly Tensor[], attributes: OpAttributes[Op]): Tensor {
  return apply(op, inputs, attributes)[0]!;
}

/** A tensor given by name when the graph is run. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  return single('input', [], { name, shape, dtype });
}

/** A scalar known when the graph is built. */
export function scalar(value: number, dtype: DType = 'float32'): Tensor {
  return single('constant', [], { values: [value], shape: [], dtype });
}

/** Numbers known when the graph is built, float32. */
export const constant = (values: readonly number[], shape: Shape): Tensor =>
  single('constant', [], { values, shape, dtype: 'float32' });

/** x converted to another float type; x itself if it already has that type. */
export const cast = (x: Tensor, dtype: FloatType): Tensor =>
  x.dtype === dtype ? x : single('cast', [x], { dtype });

type Operand = Tensor | number;

/** Both operands; a number becomes a scalar of the other's type. */
function operands(a: Operand, b: Operand): [Tensor, Tensor] {
  const dtype = typeof a === 'number' ? (typeof b === 'number' ? 'float32' : b.dtype) : a.dtype;
  const [left, right] = [a, b].map((value) => (typeof value === 'number' ? scalar(value, dtype) : value));
  return [left!, right!];
}

/** a + b, broadcast. A number is a scalar of the other's type, here and in the three functions below. */
export const add = (a: Operand, b: Operand): Tensor => single('add', operands(a, b), {});
/** a − b, broadcast. */
export const subtract = (a: Operand, b: Operand): Tensor => single('subtract', operands(a, b), {});
/** a · b elementwise, broadcast. */
export const multiply = (a: Operand, b: Operand): Tensor => single('multiply', operands(a, b), {});
/** a / b elementwise, broadcast. */
export const divide = (a: Operand, b: Operand): Tensor => single('divide', operands(a, b), {});

export const squareRoot = (x: Tensor): Tensor => single('squareRoot', [x], {});
export const sigmoid = (x: Tensor): Tensor => single('sigmoid', [x], {});
export const gelu = (x: Tensor): Tensor => single('gelu', [x], {});
/** g · gelu′(x). @param y gelu(x). @param g the gradient by y. */
export const geluGradient = (x: Tensor, y: Tensor, g: Tensor): Tensor =>
  single('geluGradient', [x, y, g], {});
/** gate · σ(gate) · value. */
export const gatedSilu = (gate: Tensor, value: Tensor): Tensor => single('gatedSilu', [gate, value], {});
/** Softmax over the last axis. */
export const softmax = (x: Tensor): Tensor => single('softmax', [x], {});

/** alpha · op(a) · op(b) over the last two axes. [..,M,K] · [..,K,N] or [..,M,K] · [K,N] → [..,M,N]. */
export function matmul(
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false, alpha = 1 }: Partial<OpAttributes['matmul']> = {},
): Tensor {
  return single('matmul', [a, b], { transposeA, transposeB, alpha });
}

/** Each of B groups of rows of x [N,C] times its own matrix of w [B,C,M]: [N,M]; see `OpAttributes.groupedMatmul`. */
export const groupedMatmul = (x: Tensor, w: Tensor): Tensor => single('groupedMatmul', [x, w], {});

/**
 * x [N,C] · (w · scales), w int8 [C,M], scales [M], x rounded to 8 bits row by row: [N,M].
 * @param transposed the same matrix transposed, in 8 bits with scales of its own [C], which gradients by x are computed
 *   with; undefined where none are asked for.
 */
export function quantizedMatmul(
  x: Tensor,
  w: Tensor,
  scales: Tensor,
  transposed?: { readonly w: Tensor; readonly scales: Tensor },
): Tensor {
  const inputs = transposed ? [x, w, scales, transposed.w, transposed.scales] : [x, w, scales];
  return single('quantizedMatmul', inputs, {});
}

/**
 * Normalizes the last axis of x [..,C] with scale and bias [C]. Outputs y [..,C], mean and rstd (1/√(variance +
 * epsilon)) [..,1].
 */
export function layerNormalization(
  x: Tensor,
  scale: Tensor,
  bias: Tensor,
  epsilon: number,
): { y: Tensor; mean: Tensor; rstd: Tensor } {
  const [y, mean, rstd] = apply('layerNormalization', [x, scale, bias], { epsilon });
  return { y: y!, mean: mean!, rstd: rstd! };
}

/** Gradients by x, scale and bias of a layerNormalization, from the gradient g by its y. */
export function layerNormalizationGradient(
  { x, scale, mean, rstd }: Readonly<Record<'x' | 'scale' | 'mean' | 'rstd', Tensor>>,
  g: Tensor,
): readonly Tensor[] {
  return apply('layerNormalizationGradient', [x, scale, mean, rstd, g], {});
}

/** Normalizes the last axis of x [..,C] with scale [C]. Outputs y [..,C] and rrms (1/√(mean of x² + epsilon)) [..,1]. */
export function rmsNormalization(x: Tensor, scale: Tensor, epsilon: number): { y: Tensor; rrms: Tensor } {
  const [y, rrms] = apply('rmsNormalization', [x, scale], { epsilon });
  return { y: y!, rrms: rrms! };
}

/** Gradients by x and scale of an rmsNormalization, from the gradient g by its y. */
export function rmsNormalizationGradient(
  { x, scale, rrms }: Readonly<Record<'x' | 'scale' | 'rrms', Tensor>>,
  g: Tensor,
): readonly Tensor[] {
  return apply('rmsNormalizationGradient', [x, scale, rrms, g], {});
}

/** The angles of rotary positions: their cosines and sines, constants [K,D/2]. */
export interface Angles {
  readonly cosines: Tensor;
  readonly sines: Tensor;
}

/** The heads of x [..,M], turned by their positions int32 [..]; see `OpAttributes.rotate`. */
export const rotate = (x: Tensor, positions: Tensor, { cosines, sines }: Angles): Tensor => {
  const tables = [cosines, sines].map((table) => cast(table, x.dtype as FloatType));
  return single('rotate', [x, positions, ...tables], {});
};

/**
 * Losses [N] in nats of hidden states [N,C] through the output layer [V,C] against int32 targets [N].
 * @param chunks sizes, adding up to V, of the chunks the vocabulary is processed in.
 * @param gradients type of the matrix products in the gradients.
 * @param rounded each chunk in 8 bits, int8 [C,Vₛ] with scales [Vₛ], to compute logits with; undefined: the chunks themselves.
 */
export function linearCrossEntropy(
  hidden: Tensor,
  weight: Tensor,
  targets: Tensor,
  chunks: readonly number[],
  gradients: FloatType = 'float32',
  rounded?: readonly { readonly w: Tensor; readonly scales: Tensor }[],
): Tensor {
  const inputs = [hidden, gatherRows(weight, targets), ...split(weight, 0, chunks)];
  const inEightBits = rounded ? [...rounded.map(({ w }) => w), ...rounded.map(({ scales }) => scales)] : [];
  const attributes = { gradients, quantized: rounded !== undefined };
  return apply('linearCrossEntropy', [...inputs, ...inEightBits], attributes)[0]!;
}

/**
 * The same losses [N] from int32 targets [N] and an output layer with rows of padding behind its own, [P,C]; see
 * `OpAttributes.paddedCrossEntropy`.
 */
export function paddedCrossEntropy(
  hidden: Tensor,
  paddedWeight: Tensor,
  targets: Tensor,
  attributes: OpAttributes['paddedCrossEntropy'],
): Tensor {
  return apply('paddedCrossEntropy', [hidden, paddedWeight, targets], attributes)[0]!;
}

/** Sum over the given axes; over all of them by default. */
export function reduceSum(
  x: Tensor,
  axes: readonly number[] = [...x.shape.keys()],
  keepDimensions = false,
): Tensor {
  return single('reduceSum', [x], { axes, keepDimensions });
}

/** Σ x² over all elements, a scalar. */
export const sumOfSquares = (x: Tensor): Tensor => single('sumOfSquares', [x], {});

/** The same elements in another shape; one size may be −1 and is inferred. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const resolved = shape.map((size) => (size === -1 ? elementCount(x.shape) / known : size));
  return single('reshape', [x], { shape: resolved });
}

/** x broadcast to `shape`. */
export const broadcastTo = (x: Tensor, shape: Shape): Tensor => single('broadcastTo', [x], { shape });
export const transpose = (x: Tensor, permutation: readonly number[]): Tensor =>
  single('transpose', [x], { permutation });
/** Cuts `axis` into chunks of the given sizes. */
export const split = (x: Tensor, axis: number, sizes: readonly number[]): readonly Tensor[] =>
  apply('split', [x], { axis, sizes });
export const concat = (inputs: readonly Tensor[], axis: number): Tensor => single('concat', inputs, { axis });
/** Rows of table [V,C] at int32 indices [..]: [..,C]. */
export const gatherRows = (table: Tensor, indices: Tensor): Tensor =>
  single('gatherRows', [table, indices], {});
/** Rows [N,C] added into zeros [rows,C] at int32 indices [N]. */
export const scatterAddRows = (updates: Tensor, indices: Tensor, rows: number): Tensor =>
  single('scatterAddRows', [updates, indices], { rows });

/** Factors of dropout from int32 numbers of rows [R,1] and of columns [1,M]; see `OpAttributes.dropoutFactors`. */
export function dropoutFactors(
  numbers: Readonly<Record<'rowFactors' | 'rowOffsets' | 'columnFactors' | 'columnOffsets', Tensor>>,
  attributes: OpAttributes['dropoutFactors'],
): Tensor {
  const { rowFactors, rowOffsets, columnFactors, columnOffsets } = numbers;
  return single('dropoutFactors', [rowFactors, rowOffsets, columnFactors, columnOffsets], attributes);
}

/** Which of int32 indices [N] fall in the `count` rows from `first` on, and where; see `OpAttributes.rowsWithin`. */
export function rowsWithin(
  indices: Tensor,
  first: number,
  count: number,
): { readonly local: Tensor; readonly inside: Tensor } {
  const [local, inside] = apply('rowsWithin', [indices], { first, count });
  return { local: local!, inside: inside! };
}

/**
 * Attention of new tokens to cached keys and values; see `OpAttributes.cachedAttention`.
 * @param projections [N,(H+2G)·D]; past keys and values [B,G,K,D]; lengths int32 [B].
 */
export function cachedAttention(
  projections: Tensor,
  past: { readonly keys: Tensor; readonly values: Tensor },
  lengths: Tensor,
  attributes: OpAttributes['cachedAttention'],
): { output: Tensor; keys: Tensor; values: Tensor } {
  const inputs = [projections, past.keys, past.values, lengths];
  const [output, keys, values] = apply('cachedAttention', inputs, attributes);
  return { output: output!, keys: keys!, values: values! };
}

/** Indices of the largest of each row [N,V], float32 [N,1]; see `OpAttributes.argMax`. */
export const argMax = (x: Tensor): Tensor => single('argMax', [x], {});

/**
 * The largest weights of each row [N,V], as many as `counts` [N,1]; see `OpAttributes.keepTopK`.
 * @param maximum the largest count of a row that does not keep all.
 */
export const keepTopK = (weights: Tensor, counts: Tensor, maximum: number): Tensor =>
  single('keepTopK', [weights, counts], { maximum });

/** The nucleus of each row of weights [N,V], by `shares` [N,1]; see `OpAttributes.keepTopP`. */
export const keepTopP = (weights: Tensor, shares: Tensor): Tensor =>
  single('keepTopP', [weights, shares], {});

/** An index drawn from each row of weights [N,V] by a point [N,1], float32 [N,1]; see `OpAttributes.drawByWeight`. */
export const drawByWeight = (weights: Tensor, points: Tensor): Tensor =>
  single('drawByWeight', [weights, points], {});

/** The additive mask [B,1,T,K] of the last T of K tokens; see `OpAttributes.causalMask`. */
export const causalMask = (visible: Tensor, tokens: Tensor): Tensor =>
  single('causalMask', [visible, tokens], {});

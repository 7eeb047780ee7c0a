import {
  add,
  broadcastTo,
  cast,
  concat,
  divide,
  gatherRows,
  geluGradient,
  layerNormalizationGradient,
  matmul,
  multiply,
  quantizedMatmul,
  reduceSum,
  reshape,
  rmsNormalizationGradient,
  rotate,
  scalar,
  scatterAddRows,
  sigmoid,
  split,
  subtract,
  transpose,
} from './builder.js';
import { crossEntropyInputs, type OpName } from './op-table.js';
import type { FloatType } from './shape.js';
import type { OpNode, Tensor } from './tensor.js';

type Gradients = readonly (Tensor | undefined)[];

/**
 * Gradients of the loss by each input, from those by each output (undefined: that output does not reach the loss).
 * A rule need not undo broadcasting: autodiff.ts sums over the broadcast axes.
 */
type GradientRule<Op extends OpName> = (node: OpNode<Op>, upstream: Gradients) => Gradients;

/**
 * A rule; `none`: the op has no gradient, for the reason given; `forbidden`: asking for one is a mistake. `recompute` gives the
 * first output in other ops, where that is cheaper than to keep it: gradients of what uses the output are computed with
 * that. (An engine would take the same op for the one that is there already.)
 */
export type GradientDecision<Op extends OpName> =
  | { readonly rule: GradientRule<Op>; readonly recompute?: (node: OpNode<Op>) => Tensor }
  | { readonly none: string }
  | { readonly forbidden: string };

type UnaryRule<Op extends OpName> = (upstream: Tensor, node: OpNode<Op>) => Gradients;

/** For ops with one output, whose upstream gradient is always defined. */
function rule<Op extends OpName>(unary: UnaryRule<Op>): { rule: GradientRule<Op> } {
  return { rule: (node, [upstream]) => unary(upstream!, node) };
}

const inputsOf = (node: OpNode): Tensor[] => [...node.inputs];

/**
 * Probabilities are multiplied by this before they become float16, and divided by it afterwards: the mean one over
 * 50,257 tokens, 2e-5, is subnormal there, and a device may flush subnormal numbers to zero.
 */
const halfProbabilityScale = 1024;

/** One decision per op. `g` is the gradient by the output, `y` the output itself. */
export const gradientRules: { readonly [Op in OpName]: GradientDecision<Op> } = {
  input: { none: 'a leaf' },
  constant: { none: 'a leaf' },
  // the gradient, cast back; where it was a sum in float32 that was just rounded, the sum
  cast: rule((g, node) => {
    const type = node.inputs[0]!.dtype as FloatType;
    const [unrounded] = g.node.op === 'cast' ? g.node.inputs : [];
    return [unrounded?.dtype === type ? unrounded : cast(g, type)];
  }),
  // d(a + b) = da + db
  add: rule((g) => [g, g]),
  // d(a − b) = da − db
  subtract: rule((g) => [g, multiply(g, -1)]),
  // d(a·b) = b·da + a·db
  multiply: rule((g, node) => {
    const [a, b] = inputsOf(node);
    return [multiply(g, b!), multiply(g, a!)];
  }),
  // d(a/b) = da/b − (a/b)·db/b
  divide: rule((g, node) => {
    const b = node.inputs[1]!;
    const byA = divide(g, b);
    return [byA, multiply(multiply(byA, node.outputs[0]!), -1)];
  }),
  // d√x = dx / (2√x)
  squareRoot: rule((g, node) => [divide(multiply(g, 0.5), node.outputs[0]!)]),
  // dσ = σ·(1 − σ)·dx
  sigmoid: rule((g, node) => {
    const y = node.outputs[0]!;
    return [multiply(g, multiply(y, subtract(1, y)))];
  }),
  gelu: rule((g, node) => [geluGradient(node.inputs[0]!, node.outputs[0]!, g)]),
  geluGradient: { forbidden: 'nothing needs a second derivative' },
  // y = a·s·b, s = σ(a):  da = g·b·(s + a·s·(1 − s)), db = g·a·s
  gatedSilu: {
    rule: (node, [g]) => {
      const [gate, value] = inputsOf(node) as [Tensor, Tensor];
      const s = sigmoid(gate);
      const silu = multiply(gate, s);
      const slope = add(s, multiply(silu, subtract(1, s)));
      return [multiply(multiply(g!, value), slope), multiply(g!, silu)];
    },
    recompute: (node) => {
      const [gate, value] = inputsOf(node) as [Tensor, Tensor];
      return multiply(multiply(gate, sigmoid(gate)), value);
    },
  },
  // dx = y·(g − Σ g·y)
  softmax: rule((g, node) => {
    const y = node.outputs[0]!;
    const weighted = multiply(g, y);
    return [subtract(weighted, multiply(y, reduceSum(weighted, [y.shape.length - 1], true)))];
  }),
  // C = αAB:  dA = α·dC·Bᵀ, dB = α·Aᵀ·dC, and the same with either operand transposed
  matmul: rule((g, node) => {
    const [a, b] = inputsOf(node) as [Tensor, Tensor];
    const { transposeA, transposeB, alpha } = node.attributes;
    const flat = b.shape.length === 2 && a.shape.length > 2;
    const byA = transposeA
      ? matmul(b, g, { transposeA: transposeB, transposeB: true, alpha })
      : matmul(g, b, { transposeB: !transposeB, alpha });
    const rows = flat ? reshape(a, [-1, a.shape.at(-1)!]) : a;
    const upstream = flat ? reshape(g, [-1, g.shape.at(-1)!]) : g;
    const byB = transposeB
      ? matmul(upstream, rows, { transposeA: true, transposeB: transposeA, alpha })
      : matmul(rows, upstream, { transposeA: !transposeA, alpha });
    return [byA, byB];
  }),
  layerNormalization: {
    rule: (node, [g, byMean, byDeviation]) => {
      if (!g || byMean || byDeviation)
        throw new Error('layerNormalization: only the gradient by y is supported');
      const [x, scale] = inputsOf(node);
      const [, mean, rstd] = node.outputs;
      return layerNormalizationGradient({ x: x!, scale: scale!, mean: mean!, rstd: rstd! }, g);
    },
  },
  layerNormalizationGradient: { forbidden: 'nothing needs a second derivative' },
  rmsNormalization: {
    rule: (node, [g, byStatistic]) => {
      if (!g || byStatistic) throw new Error('rmsNormalization: only the gradient by y is supported');
      const [x, scale] = inputsOf(node);
      return rmsNormalizationGradient({ x: x!, scale: scale!, rrms: node.outputs[1]! }, g);
    },
    recompute: (node) => {
      const [x, scale] = inputsOf(node) as [Tensor, Tensor];
      return multiply(multiply(x, node.outputs[1]!), scale);
    },
  },
  rmsNormalizationGradient: { forbidden: 'nothing needs a second derivative' },
  // turned back: by the negative angles
  rotate: rule((g, node) => {
    const [, positions, cosines, sines] = inputsOf(node) as [Tensor, Tensor, Tensor, Tensor];
    return [rotate(g, positions, { cosines, sines: multiply(sines, -1) })];
  }),
  // dhidden = (Σₛ shareₛ·softmaxₛ·Wₛ − target row)·g, dtarget row = −hidden·g, dWₛ = softmaxₛᵀ·(shareₛ·hidden·g):
  // rows are scaled where they are short, never the logits
  linearCrossEntropy: {
    rule: (node, [g, ...others]) => {
      if (!g || others.some((other) => other !== undefined))
        throw new Error('linearCrossEntropy: only the gradient by the losses is supported');
      const { hidden, targetRows, chunks } = crossEntropyInputs(inputsOf(node), node.attributes);
      const probabilities = node.outputs.slice(1, 1 + chunks.length);
      const shares = node.outputs.slice(1 + chunks.length);
      const column = reshape(g, [-1, 1]);
      const scaled = multiply(hidden, column);
      const { gradients: type } = node.attributes;
      const isHalf = type === 'float16';
      const factors = isHalf
        ? probabilities.map((probability) => cast(multiply(probability, halfProbabilityScale), type))
        : probabilities;
      const weights = isHalf ? shares.map((share) => divide(share, halfProbabilityScale)) : shares;
      const expected = chunks
        .map((chunk, index) =>
          multiply(cast(matmul(factors[index]!, cast(chunk, type)), 'float32'), weights[index]!),
        )
        .reduce((total, product) => add(total, product));
      const byChunks = factors.map((factor, index) =>
        cast(matmul(factor, cast(multiply(scaled, weights[index]!), type), { transposeA: true }), 'float32'),
      );
      return [multiply(subtract(expected, targetRows), column), multiply(scaled, -1), ...byChunks];
    },
  },
  // E = softmax − one-hot:  dhidden = (E·W)·g, dW = Eᵀ·(hidden·g): rows are scaled where they are short
  paddedCrossEntropy: {
    rule: (node, [g, byErrors]) => {
      if (!g || byErrors) throw new Error('paddedCrossEntropy: only the gradient by the losses is supported');
      const [hidden, weight] = inputsOf(node) as [Tensor, Tensor];
      const errors = node.outputs[1]!;
      const type = weight.dtype as FloatType;
      const factor = cast(errors, type);
      const column = reshape(g, [-1, 1]);
      const byHidden = multiply(cast(matmul(factor, weight), 'float32'), column);
      const scaled = cast(multiply(hidden, column), type);
      return [byHidden, matmul(factor, scaled, { transposeA: true }), undefined];
    },
  },
  // every summed element receives the sum's gradient
  reduceSum: rule((g, node) => {
    const x = node.inputs[0]!;
    const kept = x.shape.map((size, axis) => (node.attributes.axes.includes(axis) ? 1 : size));
    return [broadcastTo(reshape(cast(g, x.dtype as FloatType), kept), x.shape)];
  }),
  // d Σx² = 2x·dx
  sumOfSquares: rule((g, node) => [multiply(multiply(node.inputs[0]!, 2), g)]),
  reshape: rule((g, node) => [reshape(g, node.inputs[0]!.shape)]),
  // copies of one element add up (autodiff.ts sums the broadcast axes)
  broadcastTo: rule((g) => [g]),
  // the inverse permutation
  transpose: rule((g, node) => {
    const { permutation } = node.attributes;
    return [
      transpose(
        g,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
    ];
  }),
  // the chunks joined again; zeros for a chunk that does not reach the loss
  split: {
    rule: (node, upstream) => {
      const chunks = node.outputs.map(
        (output, index) => upstream[index] ?? broadcastTo(scalar(0, output.dtype), output.shape),
      );
      return [concat(chunks, node.attributes.axis)];
    },
  },
  concat: rule((g, node) => {
    const { axis } = node.attributes;
    return split(
      g,
      axis,
      node.inputs.map((input) => input.shape[axis]!),
    );
  }),
  // rows used twice receive both gradients
  gatherRows: rule((g, node) => {
    const [table, indices] = inputsOf(node) as [Tensor, Tensor];
    const [rows, width] = table.shape as [number, number];
    if (indices.shape.length === 1) return [scatterAddRows(g, indices, rows), undefined];
    return [scatterAddRows(reshape(g, [-1, width]), reshape(indices, [-1]), rows), undefined];
  }),
  scatterAddRows: rule((g, node) => [gatherRows(g, node.inputs[1]!), undefined]),
  rowsWithin: { none: 'indices' },
  dropoutFactors: { none: 'random numbers' },
  // y = x·W: dx = g·Wᵀ, g rounded as x is; the rounding of x counts as the identity ("straight-through", Bengio et al.,
  // "Estimating or Propagating Gradients Through Stochastic Neurons", 2013, section 4)
  quantizedMatmul: rule((g, node) => {
    const [, , , w, scales] = inputsOf(node);
    if (!w || !scales) throw new Error('quantizedMatmul has no gradient without the transposed matrix');
    return [quantizedMatmul(g, w, scales)];
  }),
  groupedMatmul: { forbidden: 'only generation mixes adapters' },
  cachedAttention: { forbidden: 'only generation uses a cache' },
  causalMask: { none: 'a mask of integers' },
  argMax: { forbidden: 'an index' },
  keepTopK: { forbidden: 'only sampling uses it' },
  keepTopP: { forbidden: 'only sampling uses it' },
  drawByWeight: { forbidden: 'an index' },
};

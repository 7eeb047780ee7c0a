import type { DType, FloatType, Shape } from './shape.js';

type None = Readonly<Record<string, never>>;

/**
 * Every op and its attributes. The shape rules, the gradient decisions and each engine are tables over these names,
 * typed so that a missing entry does not compile.
 *
 * Legend used by all docstrings of src/model: B rows in a batch, T tokens in a row, N = B·T, C channels (width),
 * H heads, D channels of a head, G heads of keys and values, V vocabulary, L layers, S slots, K cache capacity, P prompt.
 */
export interface OpAttributes {
  /** A value given at run time. */
  input: { readonly name: string; readonly shape: Shape; readonly dtype: DType };
  /** Values fixed when the graph is built. */
  constant: { readonly values: readonly number[]; readonly shape: Shape; readonly dtype: DType };
  /** The same values in another float type, rounded to nearest; infinite beyond its range. */
  cast: { readonly dtype: FloatType };
  /** a + b, broadcast as in numpy; here and below, operands and result have one type. */
  add: None;
  /** a − b, broadcast. */
  subtract: None;
  /** a · b, broadcast. */
  multiply: None;
  /** a / b, broadcast. */
  divide: None;
  /** √x */
  squareRoot: None;
  /** 1 / (1 + e^−x) */
  sigmoid: None;
  /** GELU in its tanh form (Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016, section 2), as in GPT-2. */
  gelu: None;
  /** g · gelu′(x). Inputs: x, y = gelu(x), the gradient g by y. */
  geluGradient: None;
  /**
   * a · σ(a) · b, elementwise, of equal shapes: SiLU (Hendrycks and Gimpel 2016, section 4) as a gate (Shazeer, "GLU Variants
   * Improve Transformer", 2020, section 2). Inputs: a, b.
   */
  gatedSilu: None;
  /** Softmax over the last axis, shifted by the maximum. */
  softmax: None;
  /** alpha · op(a) · op(b) over the last two axes; leading axes equal, or b two-dimensional. */
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean; readonly alpha: number };
  /**
   * Rows by matrices of their own. Inputs x [N,C] of B groups of N/B rows, one group after the other; w [B,C,M]: the rows of a
   * group are multiplied by its matrix, [N,M].
   */
  groupedMatmul: None;
  /**
   * x · (w · scales) with x rounded to 8 bits. Inputs x [N,C], w int8 [C,M], scales [M]. Each row of x is
   * rounded to multiples of its own step, its largest magnitude / 127. Two more inputs, w transposed [M,C] with scales
   * [C], are what the gradient by x multiplies with.
   */
  quantizedMatmul: None;
  /**
   * Over the last axis: (x − mean) / √(variance + epsilon) · scale + bias. Outputs: y, mean, 1/√(variance + epsilon).
   */
  layerNormalization: { readonly epsilon: number };
  /**
   * Gradients of a layerNormalization by x [..,C], scale [C] and bias [C], from x, scale, mean [..,1], 1/√(variance +
   * epsilon) [..,1] and the gradient by y [..,C].
   */
  layerNormalizationGradient: None;
  /**
   * Over the last axis: x / √(mean of x² + epsilon) · scale (Zhang and Sennrich, "Root Mean Square Layer Normalization",
   * 2019). Outputs: y, 1/√(mean of x² + epsilon).
   */
  rmsNormalization: { readonly epsilon: number };
  /**
   * Gradients of an rmsNormalization by x [..,C] and scale [C], from x, scale, 1/√(mean of x² + epsilon) [..,1] and the
   * gradient by y [..,C].
   */
  rmsNormalizationGradient: None;
  /**
   * Turns each head of x by its token's position: channels i and i + D/2 of a head are the coordinates of a point, which
   * is turned by the i-th angle of the position (Su et al., "RoFormer: Enhanced Transformer with Rotary Position
   * Embedding", 2021, section 3.4; the pairs as Hugging Face's Llama has them). Inputs: x [..,M], M a multiple of D;
   * positions int32 [..], below K; the angles' cosines and sines, constants [K,D/2]. Gradients go to x alone.
   */
  rotate: None;
  /**
   * The output layer W [V,C] fused with the loss, over the vocabulary in chunks. Inputs: hidden states [N,C]; the
   * rows of W for their targets [N,C]; the chunks of W [Vₛ,C]. Outputs: losses [N], −log softmax(hidden · Wᵀ) at the
   * target, in nats; for each chunk, the softmax over that chunk alone [N,Vₛ]; for each chunk, its share of the whole
   * softmax [N,1]. All are float32, the logits too: GPT-2's lie around −100, where float16 has steps of 0.06.
   * `gradients` is the type of the matrix products in the gradients. Where it is `quantized`, the inputs go on with each
   * chunk in 8 bits, int8 [C,Vₛ], then the scales [Vₛ] of each: logits are computed with those, as in `quantizedMatmul`,
   * and gradients with the chunks themselves. The whole softmax is softmaxₛ · shareₛ (Milakov
   * and Gimelshein, "Online normalizer calculation for softmax", 2018, section 3), so combining the chunks needs no
   * further pass over the logits.
   */
  linearCrossEntropy: { readonly gradients: FloatType; readonly quantized: boolean };
  /**
   * The output layer W [V,C] fused with the loss, over the vocabulary as a whole. Inputs: hidden states [N,C]; W with
   * rows of padding behind its own, which are no tokens, [P,C]; int32 targets [N]. Outputs: losses [N] as of
   * `linearCrossEntropy`; the gradients of the losses by the logits [N,P], softmax(hidden · Wᵀ) − 1 at the target and 0
   * for padding. `vocabulary` is V. Products, of the gradients too, have W's type, all else is float32: float16 only where
   * it keeps subnormal numbers, as most probabilities are such, and logits lie around 0.
   */
  paddedCrossEntropy: { readonly vocabulary: number };
  /** Sum over `axes`, float32 also of float16, whose own sums would be too coarse. */
  reduceSum: { readonly axes: readonly number[]; readonly keepDimensions: boolean };
  /** Σ x² over all elements, a scalar. */
  sumOfSquares: None;
  reshape: { readonly shape: Shape };
  /** The input repeated along axes of size 1 (and new leading ones) to `shape`. */
  broadcastTo: { readonly shape: Shape };
  /** Axis i of the output is axis `permutation[i]` of the input. */
  transpose: { readonly permutation: readonly number[] };
  /** Cuts `axis` into chunks of `sizes`; one output for each. */
  split: { readonly axis: number; readonly sizes: readonly number[] };
  concat: { readonly axis: number };
  /** Rows of a table [V,C] by indices [..]: [..,C]. */
  gatherRows: None;
  /** Rows [N,C] added into zeros [rows,C] at indices [N]; equal indices add up. */
  scatterAddRows: { readonly rows: number };
  /**
   * Which of int32 indices [N] fall in the `count` rows from `first` on. Outputs: each index relative to `first`,
   * int32 [N], 0 for those outside; whether it falls inside, 1 or 0, float32 [N,1].
   */
  rowsWithin: { readonly first: number; readonly count: number };
  /**
   * Factors of dropout, float32 `shape` of R·M elements: 0 or 1 / (1 − probability). Inputs, int32: factors of rows [R,1],
   * offsets of rows [R,1], factors of columns [1,M], offsets of columns [1,M]. An element is 0 if rowFactor · columnFactor
   * + rowOffset + columnOffset, modulo 2³², is among the `probability` of the lowest int32: with inputs drawn at random any
   * two elements are independent (multiply-shift hashing: Dietzfelbinger, "Universal hashing and k-wise independent random
   * variables via integer arithmetic without primes", 1996).
   */
  dropoutFactors: { readonly shape: Shape; readonly probability: number };
  /**
   * Causal attention of new tokens to their row so far, whose keys and values are cached. Inputs: queries, keys and
   * values of N = B·T new tokens, [N,(H+2G)·D], row after row; past keys and values, [B,G,K,D]; lengths int32 [B], the
   * number of tokens in each row including the new ones (at most K). Outputs: the attention output, [N,H·D]; the caches
   * with the new keys and values written in, undefined beyond each row's length. A row of T > 1 tokens that has a past
   * must be the only one. Products of queries and keys are multiplied by `scale`. Each of the G `keyValueHeads` serves
   * H/G of the `heads` next to each other (Ainslie et al., "GQA", 2023, section 2.2).
   */
  cachedAttention: { readonly heads: number; readonly keyValueHeads: number; readonly scale: number };
  /**
   * The additive attention mask of the last T of K tokens. Inputs: int32 [B,K], 0 for keys that nothing may see
   * (padding); the ids of the T tokens, int32 [B,T], of which only the shape counts. Output float32 [B,1,T,K]: 0
   * where a token may see a key, `maskedScore` for later keys and for padding.
   */
  causalMask: None;
  /** The index of the largest of each row of x [N,V], the first of several: float32 [N,1]. −1 if that is not finite. */
  argMax: None;
  /**
   * Keeps the `counts` [N,1] largest weights of each row [N,V], the first of equal ones, and puts zeros in place of the
   * others. Weights are from 0 to 1 (below 2⁻⁶³ one may count as zero); a count is at most `maximum`, or at least V,
   * which keeps all.
   */
  keepTopK: { readonly maximum: number };
  /**
   * Keeps the fewest largest weights of each row [N,V] that together reach its share [N,1] of their sum, the first of
   * equal ones, and puts zeros in place of the others. Weights as for keepTopK; a share above 1 keeps all.
   */
  keepTopP: None;
  /**
   * The first index of each row of weights [N,V], not negative, at which their cumulative sum exceeds its point [N,1],
   * from 0 and below 1, times their total: float32 [N,1]. −1 if the total is no number above 0.
   */
  drawByWeight: None;
}

/** GELU's tanh form is x·σ(u), u = geluScale·(x + geluCubic·x³), geluScale = 2·√(2/π). */
export const geluScale = 2 * Math.sqrt(2 / Math.PI);
export const geluCubic = 0.044715;

/** The inputs of linearCrossEntropy by what they are, in any form that an engine has them. */
export function crossEntropyInputs<Value>(
  inputs: readonly Value[],
  { quantized }: OpAttributes['linearCrossEntropy'],
): {
  readonly hidden: Value;
  readonly targetRows: Value;
  readonly chunks: readonly Value[];
  /** The chunks in 8 bits. */
  readonly rounded: readonly { readonly w: Value; readonly scales: Value }[] | undefined;
} {
  const [hidden, targetRows, ...others] = inputs as [Value, Value, ...Value[]];
  const count = quantized ? others.length / 3 : others.length;
  const [chunks, scales] = [others.slice(0, count), others.slice(2 * count)];
  const rounded = quantized
    ? others.slice(count, 2 * count).map((w, index) => ({ w, scales: scales[index]! }))
    : undefined;
  return { hidden, targetRows, chunks, rounded };
}

/** Added to the scores of keys that a query must not see: e^−1e9 is 0 in float32. */
export const maskedScore = -1e9;

export type OpName = keyof OpAttributes;

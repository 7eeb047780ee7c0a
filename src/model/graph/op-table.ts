import type { DType, FloatType, Shape } from './shape.js';

type None = Readonly<Record<string, never>>;

/**
 * Every op and its attributes. The shape rules, the gradient decisions and each engine are tables over these names,
 * typed so that a missing entry does not compile.
 *
 * Legend used by all docstrings of src/model: B rows in a batch, T tokens in a row, N = B·T, C channels (width),
 * H heads, D = C/H, V vocabulary, L layers, S slots, K cache capacity, P prompt.
 */
export interface OpAttributes {
  /** A value given at run time. */
  input: { readonly name: string; readonly shape: Shape; readonly dtype: DType };
  /** Values fixed when the graph is built. */
  constant: { readonly values: readonly number[]; readonly shape: Shape; readonly dtype: DType };
  /** The same values in another float type, rounded to the nearest; beyond its range infinite. */
  cast: { readonly dtype: FloatType };
  /** a + b, broadcast as in numpy; here and below operands are of one type, which is the result's too. */
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
  /** GELU in its tanh form (Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016, section 2), as GPT-2 has it. */
  gelu: None;
  /** Softmax over the last axis, shifted by the maximum. */
  softmax: None;
  /** alpha · op(a) · op(b) over the last two axes; leading axes equal, or b two-dimensional. */
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean; readonly alpha: number };
  /**
   * x · (w · scales) with x rounded to 8 bits. Inputs x [N,C], w int8 [C,M], scales [M]. Each row of x is
   * rounded to multiples of a step of its own, its largest magnitude / 127.
   */
  quantizedMatmul: None;
  /** Over the last axis: (x − mean) / √(variance + epsilon) · scale + bias. Outputs: y, mean, 1/√(variance + epsilon). */
  layerNormalization: { readonly epsilon: number };
  /**
   * The output layer W [V,C] and the loss in one, over the vocabulary in chunks. Inputs: hidden states [N,C], the rows of
   * W of their targets [N,C], the chunks of W [Vₛ,C]. Outputs: losses [N], −log softmax(hidden · Wᵀ) at the target, in
   * nats; of each chunk the softmax over that chunk alone [N,Vₛ]; of each chunk its share in the whole softmax [N,1].
   * All are float32, the logits too: GPT-2's lie around −100, where float16 has steps of 0.06. `gradients` is the type of
   * the matrix products in the gradients.
   * The whole softmax is softmaxₛ · shareₛ (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018,
   * section 3), so that no pass over the logits is needed to put the chunks together.
   */
  linearCrossEntropy: { readonly gradients: FloatType };
  /** Sum over `axes`. */
  reduceSum: { readonly axes: readonly number[]; readonly keepDimensions: boolean };
  /** Σ x² over all elements, a scalar. */
  sumOfSquares: None;
  reshape: { readonly shape: Shape };
  /** The input repeated along axes of size 1 (and new leading ones) up to `shape`. */
  broadcastTo: { readonly shape: Shape };
  /** Axis i of the output is axis `permutation[i]` of the input. */
  transpose: { readonly permutation: readonly number[] };
  /** Cuts `axis` into chunks of `sizes`; one output a chunk. */
  split: { readonly axis: number; readonly sizes: readonly number[] };
  concat: { readonly axis: number };
  /** Rows of a table [V,C] by indices [..]: [..,C]. */
  gatherRows: None;
  /** Rows [N,C] added into zeros [rows,C] at indices [N]; equal indices add up. */
  scatterAddRows: { readonly rows: number };
  /**
   * Where int32 indices [N] lie in the `count` rows from `first` on. Outputs: their places among those, int32 [N], 0 for
   * indices elsewhere; 1 for each that lies there, else 0, float32 [N,1].
   */
  rowsWithin: { readonly first: number; readonly count: number };
  /**
   * Attention of new tokens to all of their row so far, whose keys and values are cached. Inputs: queries, keys and
   * values of N = B·T new tokens, [N,3C], those of a row one after the other; past keys and values, [B,H,K,D]; lengths
   * int32 [B], the tokens each row holds with the new ones (at most K). Outputs: what each token takes, [N,C]; the
   * caches with the new tokens' keys and values in them, undefined behind each row's length. A row of T > 1 tokens
   * that has a past must be the only one. Products of queries and keys are multiplied by `scale`.
   */
  cachedAttention: { readonly heads: number; readonly scale: number };
  /**
   * What is added to the scores of tokens that go on with texts. Inputs: int32 [B,K], 0 for keys that nothing may see
   * (padding); the ids of the tokens, the last of the K, int32 [B,T], of which only the shape counts. Output float32
   * [B,1,T,K]: 0 where a token may see a key, `hiddenScore` for later keys and for those that nothing may see.
   */
  causalMask: None;
}

/** Added to the scores of keys that a query must not see: e^−1e9 is 0 in float32. */
export const hiddenScore = -1e9;

export type OpName = keyof OpAttributes;

import type { Engine } from '../engine/engine.js';
import {
  add,
  broadcastTo,
  cast,
  concat,
  input,
  linearCrossEntropy,
  multiply,
  paddedCrossEntropy,
  reduceSum,
  scalar,
  split,
  subtract,
} from '../graph/builder.js';
import { elementCount, type FloatType } from '../graph/shape.js';
import type { OpNode, Tensor } from '../graph/tensor.js';

/** How the output layer and the loss of a batch are computed. */
export interface LossLayout {
  /** Most logits alive at a time, in elements: the loss is computed in chunks of tokens. */
  readonly logits: number;
  /**
   * Most logits computed at a time, in elements: chunks of the vocabulary. Undefined: the vocabulary is taken as a whole,
   * padded with rows of zeros to a multiple of {@link vocabularyStep}.
   */
  readonly piece: number | undefined;
  /** Most elements of one tensor. */
  readonly tensor: number;
  /** Whether products of the output layer may be in float16, where others are. */
  readonly halfProducts: boolean;
}

/**
 * Sizes of the vocabulary, or of its chunks, are multiples of this: the width of the matrix product's inner loop on a
 * processor, and what the fast kernels of graphics cards ask for (GPT-2's 50,257 is odd).
 */
const vocabularyStep = 64;

/** On a processor: 256 MiB of logits, in chunks of 8 MiB, which stay in the last-level cache. */
export const processorLayout: LossLayout = {
  logits: 1 << 26,
  piece: 1 << 21,
  tensor: Number.POSITIVE_INFINITY,
  halfProducts: true,
};

/**
 * The layout for an engine. On a device: the vocabulary as a whole; 1 GiB of logits where one buffer may be as large, else
 * 256 MiB. Where the device sums products of float16 in float16, the gradients' long sums over the vocabulary are left in
 * float32: they would have to be cut into many short ones.
 */
export function lossLayout({ memory, sumsHalfInFloat32 = false }: Engine): LossLayout {
  if (!memory) return processorLayout;
  const tensor = Math.floor(memory.largestBuffer / 4);
  const logits = tensor >= 1 << 28 ? 1 << 28 : Math.min(tensor, 1 << 26);
  return { logits, piece: undefined, tensor, halfProducts: sumsHalfInFloat32 };
}

/** Some tokens of a batch. */
interface TokenChunk {
  /** [N,C] */
  readonly hidden: Tensor;
  /** int32 [N] */
  readonly targetIds: Tensor;
  /** [N] */
  readonly targetWeights: Tensor;
}

/** Hidden states [N,C], targets and weights cut into chunks whose logits fit the layout. */
export function tokenChunks(
  { hidden, targetIds, targetWeights }: TokenChunk,
  vocabularySize: number,
  layout: LossLayout,
): TokenChunk[] {
  const tokens = hidden.shape[0]!;
  const count = Math.min(tokens, Math.ceil((tokens * paddedSize(vocabularySize, layout)) / layout.logits));
  if (count === 1) return [{ hidden, targetIds, targetWeights }];
  const border = (chunk: number): number => Math.floor((chunk * tokens) / count);
  const sizes = Array.from({ length: count }, (_, chunk) => border(chunk + 1) - border(chunk));
  const [ids, weights] = [split(targetIds, 0, sizes), split(targetWeights, 0, sizes)];
  return split(hidden, 0, sizes).map((rows, chunk) => ({
    hidden: rows,
    targetIds: ids[chunk]!,
    targetWeights: weights[chunk]!,
  }));
}

/** Number of rows of the output layer. */
function paddedSize(vocabularySize: number, { piece }: LossLayout): number {
  return piece === undefined ? Math.ceil(vocabularySize / vocabularyStep) * vocabularyStep : vocabularySize;
}

/** Sizes of the chunks of the vocabulary that the output layer processes for this number of tokens. */
function vocabularyChunks(vocabularySize: number, tokens: number, piece: number): number[] {
  const step = vocabularyStep;
  const size = Math.max(step, Math.floor(piece / tokens / step) * step);
  const count = Math.ceil(vocabularySize / size);
  return Array.from({ length: count }, (_, chunk) => Math.min(size, vocabularySize - chunk * size));
}

/**
 * W less the mean of its rows: the softmax is the same, and logits that all lie around −100, as GPT-2's, come to lie around
 * 0, where float16 is finer. Gradients by W need no way through the mean, as those by a row of logits add up to 0; so it is
 * taken of an input that is none of the parameters to differentiate by.
 * @param weight [V,C], an input of the graph.
 */
function centered(weight: Tensor): Tensor {
  const { name } = (weight.node as OpNode<'input'>).attributes;
  const total = reduceSum(input(name, weight.shape), [0], true);
  return subtract(weight, multiply(total, 1 / weight.shape[0]!));
}

/** The output layer of a graph, laid out once for all chunks of tokens. */
export class OutputLayer {
  /** With rows of padding; undefined where the vocabulary is taken in chunks. */
  private readonly padded: Tensor | undefined;
  private readonly piece: number;
  private readonly type: FloatType;

  /**
   * @param weight [V,C], an input of the graph.
   * @param matmulDtype type of matrix products, where the layout allows it. Logits of a vocabulary in chunks are float32.
   * @param rounded chunks of the vocabulary in 8 bits, int8 [C,Vₛ] with scales [Vₛ], for logits; none where it is taken whole.
   */
  constructor(
    private readonly weight: Tensor,
    layout: LossLayout,
    matmulDtype: FloatType,
    private readonly rounded?: readonly { readonly w: Tensor; readonly scales: Tensor }[],
  ) {
    const [size, width] = weight.shape as [number, number];
    const rows = paddedSize(size, layout);
    this.piece = layout.piece ?? layout.logits;
    this.type = layout.halfProducts ? matmulDtype : 'float32';
    if (layout.piece !== undefined || elementCount([rows, width]) > layout.tensor) return;
    const inType = this.type === 'float32' ? weight : cast(centered(weight), this.type);
    const padding = broadcastTo(scalar(0, this.type), [rows - size, width]);
    this.padded = rows === size ? inType : concat([inType, padding], 0);
  }

  /** Σ weight · cross-entropy over the tokens, nats, a scalar. */
  loss({ hidden, targetIds, targetWeights }: TokenChunk): Tensor {
    const { rounded } = this;
    const vocabulary = this.weight.shape[0]!;
    const losses = this.padded
      ? paddedCrossEntropy(hidden, this.padded, targetIds, { vocabulary })
      : linearCrossEntropy(
          hidden,
          this.weight,
          targetIds,
          rounded?.map(({ w }) => w.shape[1]!) ?? vocabularyChunks(vocabulary, hidden.shape[0]!, this.piece),
          this.type,
          rounded,
        );
    return reduceSum(multiply(losses, targetWeights));
  }
}

export const sum = (tensors: readonly Tensor[]): Tensor =>
  tensors.reduce((total, tensor) => add(total, tensor));

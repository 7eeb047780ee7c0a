import { input, linearCrossEntropy } from '../graph/builder.js';
import { maskedScore } from '../graph/op-table.js';
import type { Tensor } from '../graph/tensor.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { parameterSpecifications } from '../transformer/parameters.js';
import { maskedAttention, outputWeight, parameterInputs, transformer } from '../transformer/transformer.js';

/** Sizes of a batch of titles: B rows of T tokens, a title in each. */
export interface ScoringShape {
  readonly rows: number;
  readonly length: number;
}

/** Most logits computed at a time, in elements (8 MiB of float32): the vocabulary is processed in pieces. */
const pieceElements = 1 << 21;

/** Sizes of the pieces are multiples of this: the width of the matrix product's inner loop. */
const pieceStep = 64;

function vocabularyPieces(vocabularySize: number, tokens: number): number[] {
  const size = Math.max(pieceStep, Math.floor(pieceElements / tokens / pieceStep) * pieceStep);
  const count = Math.ceil(vocabularySize / size);
  return Array.from({ length: count }, (_, piece) => Math.min(size, vocabularySize - piece * size));
}

/**
 * The forward pass over whole titles, N = B·T tokens. Output `losses`: −ln softmax(logits) at each token's target, nats,
 * float32 [N], row after row. Inputs: `inputIds`, `positionIds`, `targetIds` int32 [N] and `attentionMask` float32
 * [B,1,T,T] ({@link causalMasks}); besides them every parameter by its name, float32.
 */
export function scoringGraph(
  configuration: TransformerConfiguration,
  { rows, length }: ScoringShape,
): Record<'losses', Tensor> {
  const tokens = rows * length;
  const parameters = parameterInputs(parameterSpecifications(configuration));
  const ids = (name: string): Tensor => input(name, [tokens], 'int32');
  const [inputIds, positionIds] = [ids('inputIds'), ids('positionIds')];
  const attentionMask = input('attentionMask', [rows, 1, length, length]);
  const attention = maskedAttention(configuration, { attentionMask, positionIds });
  const { hidden } = transformer({ configuration, parameters, attention }, { inputIds, positionIds });
  const pieces = vocabularyPieces(configuration.vocabularySize, tokens);
  return { losses: linearCrossEntropy(hidden, outputWeight(parameters), ids('targetIds'), pieces) };
}

/** The mask of titles that begin their rows: no token sees a later one, and so none sees the padding behind its title. */
export function causalMasks({ rows, length }: ScoringShape): Float32Array {
  const masks = new Float32Array(rows * length * length);
  for (let query = 0; query < rows * length; query++) {
    const first = query * length;
    masks.fill(maskedScore, first + (query % length) + 1, first + length);
  }
  return masks;
}

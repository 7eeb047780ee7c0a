import type { Gpt2Configuration } from '../gpt2/configuration.js';
import { forward, outputLogits, parameterInputs, type SymbolicParameters } from '../gpt2/forward.js';
import { gradients } from '../graph/autodiff.js';
import { add, concat, crossEntropy, input, multiply, reduceSum, scalar, split } from '../graph/builder.js';
import type { Tensor } from '../graph/tensor.js';

/** Logits held at a time, in elements (64 MiB of float32): the loss is computed in chunks of tokens below this. */
const chunkElements = 1 << 24;

/** Output name of a parameter's gradient. */
export const gradientName = (parameter: string): string => `gradient.${parameter}`;

/** Sizes of one batch: B rows of T tokens. */
export interface BatchShape {
  readonly rows: number;
  readonly rowLength: number;
}

interface LossInputs {
  readonly parameters: SymbolicParameters;
  readonly hidden: Tensor;
  /** Hidden states, targets and weights of each chunk of tokens. */
  readonly chunks: readonly { hidden: Tensor; targetIds: Tensor; targetWeights: Tensor }[];
}

/**
 * Inputs of the loss graphs: `inputIds`, `positionIds`, `targetIds` int32 [N], `targetWeights` float32 [N],
 * `attentionMask` float32 [B,1,T,T], and every parameter by its name.
 */
function lossInputs(configuration: Gpt2Configuration, { rows, rowLength }: BatchShape): LossInputs {
  const tokens = rows * rowLength;
  const parameters = parameterInputs(configuration);
  const { hidden } = forward(configuration, parameters, {
    inputIds: input('inputIds', [tokens], 'int32'),
    positionIds: input('positionIds', [tokens], 'int32'),
    attentionMask: input('attentionMask', [rows, 1, rowLength, rowLength]),
  });
  const sizes = chunkSizes(tokens, configuration.vocabularySize);
  const targetIds = split(input('targetIds', [tokens], 'int32'), 0, sizes);
  const targetWeights = split(input('targetWeights', [tokens]), 0, sizes);
  const pieces = split(hidden, 0, sizes);
  const chunks = pieces.map((piece, index) => ({
    hidden: piece,
    targetIds: targetIds[index]!,
    targetWeights: targetWeights[index]!,
  }));
  return { parameters, hidden, chunks };
}

function chunkSizes(tokens: number, vocabularySize: number): number[] {
  const count = Math.min(tokens, Math.ceil((tokens * vocabularySize) / chunkElements));
  return Array.from(
    { length: count },
    (_, chunk) => Math.floor(((chunk + 1) * tokens) / count) - Math.floor((chunk * tokens) / count),
  );
}

function chunkLoss(parameters: SymbolicParameters, chunk: LossInputs['chunks'][number]): Tensor {
  const losses = crossEntropy(outputLogits(parameters, chunk.hidden), chunk.targetIds);
  return reduceSum(multiply(losses, chunk.targetWeights));
}

/** Output `loss`: Σ weight · cross-entropy over the batch's tokens, nats, a scalar. Inputs as `lossInputs` says. */
export function evaluationGraph(configuration: Gpt2Configuration, shape: BatchShape): Record<string, Tensor> {
  const { parameters, chunks } = lossInputs(configuration, shape);
  return { loss: chunks.map((chunk) => chunkLoss(parameters, chunk)).reduce((sum, loss) => add(sum, loss)) };
}

/**
 * The loss as in `evaluationGraph` and its gradient by every parameter, named by `gradientName`. Each chunk of tokens
 * goes forward and backward through the output layer before the next, so that the logits of only one are alive.
 */
export function trainingGraph(configuration: Gpt2Configuration, shape: BatchShape): Record<string, Tensor> {
  const { parameters, hidden, chunks } = lossInputs(configuration, shape);
  const embedding = parameters.get('wte.weight')!;
  const steps = chunks.map((chunk) => {
    const loss = chunkLoss(parameters, chunk);
    const [byHidden, byEmbedding] = gradients([loss], [scalar(1)], [chunk.hidden, embedding]);
    return { loss, byHidden: byHidden!, byEmbedding: byEmbedding! };
  });
  const upstream = concat(
    steps.map(({ byHidden }) => byHidden),
    0,
  );
  const names = [...parameters.keys()];
  const byParameter = gradients([hidden], [upstream], [...parameters.values()]);
  const outputs = new Map(names.map((name, index) => [name, byParameter[index]!]));
  const byOutputLayer = steps
    .map(({ byEmbedding }) => byEmbedding)
    .reduce((sum, gradient) => add(sum, gradient));
  outputs.set('wte.weight', add(byOutputLayer, outputs.get('wte.weight')!));
  return {
    loss: steps.map(({ loss }) => loss).reduce((sum, loss) => add(sum, loss)),
    ...Object.fromEntries([...outputs].map(([name, gradient]) => [gradientName(name), gradient])),
  };
}

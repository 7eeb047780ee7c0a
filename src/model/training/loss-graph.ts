import { gradients } from '../graph/autodiff.js';
import { add, concat, input, scalar } from '../graph/builder.js';
import type { FloatType } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { outputLayerName } from '../transformer/architecture.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { quantizedInputs, quantizedOutputOf } from '../transformer/frozen-matrices.js';
import { type ParameterSpecification, parameterSpecifications } from '../transformer/parameters.js';
import {
  type Dropout,
  maskedAttention,
  outputWeight,
  parameterInputs,
  transformer,
  transformerBlock,
  withMatmulDtype,
} from '../transformer/transformer.js';
import type { BatchShape } from './batches.js';
import { deviceDropout } from './device-dropout.js';
import { dropoutInputs } from './dropout.js';
import { type LossLayout, OutputLayer, processorLayout, sum, tokenChunks } from './output-loss.js';

/** Output name of a parameter's gradient. */
export const gradientName = (parameter: string): string => `gradient.${parameter}`;

/** Input name of the sum of earlier batches' gradients, which is added to a parameter's gradient. */
export const accumulatedGradientName = (parameter: string): string => `accumulated.${parameter}`;

interface BatchInputs {
  readonly inputIds: Tensor;
  readonly positionIds: Tensor;
  readonly targetIds: Tensor;
  readonly targetWeights: Tensor;
  readonly attentionMask: Tensor;
}

/**
 * Inputs of the loss graphs: `inputIds`, `positionIds`, `targetIds` int32 [N], `targetWeights` float32 [N] and
 * `attentionMask` float32 [B,1,T,T]; besides them every parameter by its name.
 */
function batchInputs({ rows, rowLength }: BatchShape): BatchInputs {
  const tokens = rows * rowLength;
  return {
    inputIds: input('inputIds', [tokens], 'int32'),
    positionIds: input('positionIds', [tokens], 'int32'),
    targetIds: input('targetIds', [tokens], 'int32'),
    targetWeights: input('targetWeights', [tokens]),
    attentionMask: input('attentionMask', [rows, 1, rowLength, rowLength]),
  };
}

/**
 * Output `loss`: Σ weight · cross-entropy over the batch's tokens, nats, a scalar. Inputs as in `batchInputs`.
 * @param adapters specifications of adapters, which are inputs besides the model's own parameters.
 * @param options `matmulDtype`: type of matrix products; all inputs and the loss are float32. `layout`: see
 *   `TrainingGraphOptions`.
 */
export function evaluationGraph(
  configuration: TransformerConfiguration,
  shape: BatchShape,
  adapters: readonly ParameterSpecification[] = [],
  {
    matmulDtype = 'float32',
    layout = processorLayout,
  }: Pick<TrainingGraphOptions, 'matmulDtype' | 'layout'> = {},
): Record<string, Tensor> {
  const specifications = [...parameterSpecifications(configuration), ...adapters];
  const parameters = withMatmulDtype(matmulDtype, parameterInputs(specifications), specifications);
  const batch = batchInputs(shape);
  const attention = maskedAttention(configuration, batch);
  const { hidden } = transformer({ configuration, parameters, attention }, batch);
  const chunks = tokenChunks({ ...batch, hidden }, configuration.vocabularySize, layout);
  const layer = new OutputLayer(outputWeight(parameters), layout, matmulDtype);
  return { loss: sum(chunks.map((chunk) => layer.loss(chunk))) };
}

export interface TrainingGraphOptions {
  /** Parameters to differentiate by. Default: all of the model's own. */
  readonly trainable?: readonly ParameterSpecification[];
  /** Adds the gradients to inputs named by `accumulatedGradientName`, which may share memory with the outputs. */
  readonly accumulate?: boolean;
  /**
   * Gradient checkpointing: recomputes each block's activations in the backward pass instead of keeping them (Chen et
   * al., "Training Deep Nets with Sublinear Memory Cost", 2016, section 4): a third more arithmetic for memory that
   * hardly grows with depth.
   */
  readonly recompute?: boolean;
  /**
   * Multiplies activations by dropout factors: `inputs`, those of `DropoutFactors`; or computed in the graph, with the
   * numbers of `DeviceDropoutNumbers` as inputs.
   */
  readonly dropout?: 'inputs' | { readonly probability: number } | undefined;
  /**
   * Type of matrix products. Default: `float32`. In `float16` the loss is multiplied by the input
   * `lossScale`, float32 [], before it is differentiated, and so are all gradients, which would otherwise underflow
   * (Micikevicius et al., "Mixed Precision Training", 2018, section 3.2). Inputs and outputs stay float32.
   */
  readonly matmulDtype?: FloatType;
  /** How the output layer and the loss are computed. Default: as on a processor. */
  readonly layout?: LossLayout;
  /**
   * Frozen parameters that are multiplied with in 8 bits, of those that `quantizableMatrices` names: the inputs of
   * `quantizedInputs` take their place, but where gradients go back through the output layer.
   */
  readonly quantized?: readonly ParameterSpecification[];
}

function dropoutFor(
  configuration: TransformerConfiguration,
  shape: BatchShape,
  dropout: TrainingGraphOptions['dropout'],
): Dropout | undefined {
  if (dropout === undefined) return undefined;
  if (dropout === 'inputs') return dropoutInputs(configuration, shape);
  return deviceDropout(configuration, shape, dropout.probability);
}

/** Input name of the loss scale. */
export const lossScaleName = 'lossScale';

/**
 * The loss as in `evaluationGraph` and its gradient by every trainable parameter, named by `gradientName`. Each chunk
 * of tokens goes forward and backward through the output layer before the next, so that the logits of only one chunk
 * are alive.
 */
export function trainingGraph(
  configuration: TransformerConfiguration,
  shape: BatchShape,
  options: TrainingGraphOptions = {},
): Record<string, Tensor> {
  const own = parameterSpecifications(configuration);
  const { trainable = own, accumulate = false, recompute = false, matmulDtype = 'float32' } = options;
  const { layout = processorLayout, quantized = [] } = options;
  const dropout = dropoutFor(configuration, shape, options.dropout);
  const ownNames = new Set(own.map(({ name }) => name));
  const specifications = [...own, ...trainable.filter(({ name }) => !ownNames.has(name))];
  const masters = parameterInputs(specifications);
  const parameters = new Map([
    ...withMatmulDtype(matmulDtype, masters, specifications),
    ...quantizedInputs(quantized),
  ]);
  const batch = batchInputs(shape);
  const parameterGradients = new Map<string, Tensor>();
  /**
   * Differentiates one part of the model: adds up the gradients of its parameters.
   * @returns the gradient of its input.
   */
  const backward = (output: Tensor, upstream: Tensor, x: Tensor | undefined, prefixes: readonly string[]) => {
    const names = trainable
      .map(({ name }) => name)
      .filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
    const targets = names.map((name) => masters.get(name)!);
    const results = gradients([output], [upstream], x ? [x, ...targets] : targets);
    const ofInput = x ? results.shift() : undefined;
    for (const [index, name] of names.entries()) {
      const sumSoFar = parameterGradients.get(name);
      parameterGradients.set(name, sumSoFar ? add(sumSoFar, results[index]!) : results[index]!);
    }
    return ofInput;
  };

  const attention = maskedAttention(configuration, batch, { dropout });
  const context = { configuration, parameters, attention, dropout };
  const { hidden, residuals } = transformer(context, batch);
  const chunks = tokenChunks({ ...batch, hidden }, configuration.vocabularySize, layout);
  const rounded = quantizedOutputOf(parameters);
  const layer = new OutputLayer(outputWeight(parameters), layout, matmulDtype, rounded);
  const losses: Tensor[] = [];
  const lossScale = matmulDtype === 'float16' ? input(lossScaleName, []) : scalar(1);
  const hiddenGradients = chunks.map((chunk) => {
    const loss = layer.loss(chunk);
    losses.push(loss);
    return backward(loss, lossScale, chunk.hidden, [outputLayerName(configuration)])!;
  });
  let upstream = backward(hidden, concat(hiddenGradients, 0), residuals.at(-1)!, ['ln_f.'])!;
  const trainsEmbeddings = trainable.some(({ name }) => name.startsWith('wte.') || name.startsWith('wpe.'));
  for (let layer = configuration.layers - 1; layer >= 0; layer--) {
    const x = residuals[layer]!;
    const output = recompute ? transformerBlock(context, layer, x).output : residuals[layer + 1]!;
    // Below the first block only embeddings could be trained.
    upstream = backward(output, upstream, layer > 0 || trainsEmbeddings ? x : undefined, [`h.${layer}.`])!;
  }
  if (trainsEmbeddings) {
    backward(residuals[0]!, upstream, undefined, ['wte.', 'wpe.']);
  }
  const outputs = trainable.map(({ name, shape: size }): [string, Tensor] => {
    const gradient = parameterGradients.get(name)!;
    const accumulated = (): Tensor => input(accumulatedGradientName(name), size);
    return [gradientName(name), accumulate ? add(accumulated(), gradient) : gradient];
  });
  return { loss: sum(losses), ...Object.fromEntries(outputs) };
}

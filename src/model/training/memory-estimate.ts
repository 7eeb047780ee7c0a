import type { TransformerConfiguration } from '../transformer/configuration.js';
import { quantizableMatrices, quantizedBytes } from '../transformer/frozen-matrices.js';
import { loraSpecifications } from '../transformer/lora.js';
import { parameterCount, parameterSpecifications } from '../transformer/parameters.js';
import type { TrainingOptions } from './training-options.js';

type Trained = Pick<TrainingOptions, 'loraRank' | 'onlyTrainTransformerLayers'> &
  Partial<Pick<TrainingOptions, 'frozenPrecision'>>;
type Batch = Pick<TrainingOptions, 'batchSize'> & { readonly rowLength: number };

const bytesPerFloat = 4;
/** Memory of Node, ONNX Runtime and the code before a model is loaded. */
export const processBytes = 250e6;
/**
 * What a batch takes on a processor, fitted to peaks of /usr/bin/time: nano with 128 to 1,024 rows of 64 and 512 of 128
 * tokens, and a model of 17 million parameters with 64 and 256 rows, within 15 %; SmolLM2-135M with 16 rows of 64 within 20 %.
 * Arrays [C] a token for each block of a GPT-2, and of a Llama, some of whose activations are computed anew; arrays of a
 * head's attention weights [T,T]; arrays of logits [V] a token.
 */
const [activationsPerBlock, llamaActivationsPerBlock] = [20, 12];
const [attentionArrays, logitArrays] = [2, 3.3];

/**
 * Bytes that training needs at least: the weights, and for each trained one a gradient and two moments. It takes more:
 * see {@link estimatedTrainingBytes}.
 */
export function minimumTrainingBytes(configuration: TransformerConfiguration, options: Trained): number {
  const { loraRank, onlyTrainTransformerLayers } = options;
  const own = parameterSpecifications(configuration);
  const inBlocks = own.filter(({ name }) => name.startsWith('h.'));
  const adapters = loraRank === undefined ? [] : loraSpecifications(configuration, loraRank);
  const trained = loraRank === undefined ? (onlyTrainTransformerLayers ? inBlocks : own) : adapters;
  const quantized = options.frozenPrecision === 'int8' ? quantizedBytes(quantizableMatrices(own)) : 0;
  return (
    bytesPerFloat * (parameterCount(own) + parameterCount(adapters) + 3 * parameterCount(trained)) + quantized
  );
}

/**
 * Estimated peak memory of training on a processor, in bytes: {@link minimumTrainingBytes}, and what a batch takes.
 * Recomputed activations are not counted as less: on a processor they were measured to take as much.
 */
export function estimatedTrainingBytes(
  configuration: TransformerConfiguration,
  options: Trained & Batch,
): number {
  const { width, layers, heads, vocabularySize, llama } = configuration;
  const activations = llama ? llamaActivationsPerBlock : activationsPerBlock;
  const { batchSize, rowLength } = options;
  const perToken =
    layers * (width * activations + heads * rowLength * attentionArrays) + vocabularySize * logitArrays;
  const batch = bytesPerFloat * batchSize * rowLength * perToken;
  return processBytes + minimumTrainingBytes(configuration, options) + batch;
}

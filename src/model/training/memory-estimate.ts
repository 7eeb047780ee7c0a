import { elementCount } from '../graph/shape.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { loraSpecifications } from '../transformer/lora.js';
import { type ParameterSpecification, parameterSpecifications } from '../transformer/parameters.js';
import type { TrainingOptions } from './training-options.js';

type Trained = Pick<TrainingOptions, 'loraRank' | 'onlyTrainTransformerLayers'>;
type Batch = Pick<TrainingOptions, 'batchSize' | 'recompute'> & { readonly rowLength: number };

const bytesPerFloat = 4;
/** Memory of Node, ONNX Runtime and the code before a model is loaded. */
export const processBytes = 250e6;
/**
 * Activations that a block keeps for the backward pass, in arrays [C] per token, from the peaks in docs/training.md:
 * 17 for 355M, 20 for 124M and for 1558M with adapters.
 */
const activationsPerBlock = 20;
/** The same with recomputed activations: assumed, not measured. */
const activationsPerBlockRecomputing = 4;

function elements(specifications: readonly ParameterSpecification[]): number {
  return specifications.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

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
  return bytesPerFloat * (elements(own) + elements(adapters) + 3 * elements(trained));
}

/**
 * Estimated peak memory of training, in bytes: {@link minimumTrainingBytes}, and the activations that a batch keeps for
 * the backward pass. For sharing a machine's memory between runs.
 */
export function estimatedTrainingBytes(
  configuration: TransformerConfiguration,
  options: Trained & Batch,
): number {
  const { width, layers } = configuration;
  const { batchSize, rowLength, recompute } = options;
  const perBlock = recompute ? activationsPerBlockRecomputing : activationsPerBlock;
  const activations =
    bytesPerFloat * batchSize * rowLength * width * (layers * perBlock + activationsPerBlock);
  return processBytes + minimumTrainingBytes(configuration, options) + activations;
}

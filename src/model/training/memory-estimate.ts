import { elementCount } from '../graph/shape.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { loraSpecifications } from '../transformer/lora.js';
import { type ParameterSpecification, parameterSpecifications } from '../transformer/parameters.js';
import type { TrainingOptions } from './training-options.js';

type Trained = Pick<TrainingOptions, 'loraRank' | 'onlyTrainTransformerLayers'>;
type Batch = Pick<TrainingOptions, 'batchSize' | 'recompute'> & { readonly rowLength: number };

const bytesPerFloat = 4;
/** Node, ONNX Runtime and the code, before there is a model. */
export const processBytes = 250e6;
/**
 * Arrays of the model's width that a block keeps for the backward pass, for each token, by the peaks of docs/training.md:
 * 17 for 355M, 20 for 124M and for 1558M with adapters.
 */
const keptPerBlock = 20;
/** The same where activations are recomputed: supposed, not measured. */
const keptPerBlockRecomputing = 4;

function elements(specifications: readonly ParameterSpecification[]): number {
  return specifications.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

/**
 * Bytes without which a model cannot be trained: its weights, and for each one that is trained a gradient and two
 * moments. A training takes more: see {@link likelyTrainingMemory}.
 */
export function leastTrainingMemory(configuration: TransformerConfiguration, options: Trained): number {
  const { loraRank, onlyTrainTransformerLayers } = options;
  const own = parameterSpecifications(configuration);
  const inBlocks = own.filter(({ name }) => name.startsWith('h.'));
  const adapters = loraRank === undefined ? [] : loraSpecifications(configuration, loraRank);
  const trained = loraRank === undefined ? (onlyTrainTransformerLayers ? inBlocks : own) : adapters;
  return bytesPerFloat * (elements(own) + elements(adapters) + 3 * elements(trained));
}

/**
 * Bytes that training is likely to take at its peak: what it needs at least, and what a batch leaves behind for the
 * backward pass. An estimate, for sharing a machine's memory between runs.
 */
export function likelyTrainingMemory(
  configuration: TransformerConfiguration,
  options: Trained & Batch,
): number {
  const { width, layers } = configuration;
  const { batchSize, rowLength, recompute } = options;
  const kept = recompute ? keptPerBlockRecomputing : keptPerBlock;
  const activations = bytesPerFloat * batchSize * rowLength * width * (layers * kept + keptPerBlock);
  return processBytes + leastTrainingMemory(configuration, options) + activations;
}

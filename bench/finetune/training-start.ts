import { join } from 'node:path';
import { createRandom } from '../../src/common/random.js';
import type { Batch, BatchShape } from '../../src/model/training/batches.js';
import type { TransformerConfiguration } from '../../src/model/transformer/configuration.js';
import { loraSpecifications } from '../../src/model/transformer/lora.js';
import { createParameterStore, initializeParameters } from '../../src/model/transformer/parameters.js';
import { writeSafetensors } from '../../src/model/weights/safetensors.js';
import { byteTokenizer, writeRandomModel } from '../shared/random-model.js';
import { recordBatches } from './recorded-batches.js';

/** Seed of the adapters, as `initializeModel` is given it. */
export const adapterSeed = 1;

/** Rows of random tokens, each a text of its own. */
export function randomBatches(
  { rows, rowLength }: BatchShape,
  vocabularySize: number,
  count: number,
): Batch[] {
  const random = createRandom(2, 'tokens');
  const tokens = rows * rowLength;
  const ids = (): Int32Array => Int32Array.from({ length: tokens }, () => random.integer(vocabularySize));
  const positionIds = Int32Array.from({ length: tokens }, (_, position) => position % rowLength);
  const targetWeights = new Float32Array(tokens).fill(1);
  const attentionMask = Float32Array.from({ length: tokens * rowLength }, (_, element) =>
    element % rowLength <= Math.floor(element / rowLength) % rowLength ? 0 : -1e9,
  );
  return Array.from({ length: count }, () => ({
    inputIds: ids(),
    targetIds: ids(),
    positionIds,
    targetWeights,
    attentionMask,
    targetCount: tokens,
    titleCount: rows,
  }));
}

/**
 * Writes what all contestants start from and train on: a model of random weights as Hugging Face's files,
 * `adapters.safetensors` with the factors of low-rank adapters, and batches of random tokens.
 */
export async function writeTrainingStart(
  folder: string,
  configuration: TransformerConfiguration,
  {
    loraRank,
    count,
    ...shape
  }: BatchShape & { readonly loraRank: number | undefined; readonly count: number },
): Promise<void> {
  const { vocabularySize } = configuration;
  await writeRandomModel(folder, configuration, byteTokenizer(configuration));
  if (loraRank !== undefined) {
    const adapters = createParameterStore(loraSpecifications(configuration, loraRank));
    initializeParameters(adapters, adapterSeed);
    const tensors = adapters.specifications.map(({ name, shape: size }) => ({
      name,
      shape: size,
      values: () => adapters.views.get(name)!,
    }));
    await writeSafetensors(join(folder, 'adapters.safetensors'), tensors, {});
  }
  recordBatches(folder, randomBatches(shape, vocabularySize, count), { ...shape, vocabularySize });
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NumericArray } from '../../../src/model/engine/engine.js';
import { elementCount } from '../../../src/model/graph/shape.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import type { ParameterStore } from '../../../src/model/transformer/parameters.js';
import { readConfiguration, readWeights } from '../../../src/model/weights/checkpoint.js';
import { openSafetensors } from '../../../src/model/weights/safetensors.js';
import { type StoredTensor, storedLayout } from '../../../src/model/weights/stored-tensors.js';
import type { TrainingOracle } from './oracle.js';

/** Folders that test/oracles/llama/make_fixture.py wrote. */
export const llamaNames = ['grouped', 'wide'] as const;

export const llamaFolder = (name: string): string =>
  fileURLToPath(new URL(`../../oracles/llama/${name}`, import.meta.url));

/** The values of PyTorch and Hugging Face transformers beside a folder, but those of `expected.safetensors`. */
interface Expected extends TrainingOracle {
  readonly linear: { readonly factor: number; readonly base: number };
  readonly text: number[];
}

export interface LlamaOracle extends Expected {
  readonly configuration: TransformerConfiguration;
  /** The model, as we read it from Hugging Face's files. */
  readonly parameters: () => Promise<ParameterStore>;
  /** Each of our parameters' tensors in those files, with the gradient there. */
  readonly gradients: ReadonlyMap<string, readonly { tensor: StoredTensor; gradient: Float32Array }[]>;
  /** Logits of the packed batch; of `text`; of `text` with positions scaled as `linear` says. */
  readonly logits: Readonly<Record<'logits' | 'longLogits' | 'linearLogits', Float32Array>>;
}

export async function readLlamaOracle(name: string): Promise<LlamaOracle> {
  const folder = llamaFolder(name);
  const configuration = await readConfiguration(folder);
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;
  const file = await openSafetensors(join(folder, 'expected.safetensors'));
  const read = async (tensor: string): Promise<Float32Array> => {
    const shape = file.shapeOf(tensor)!;
    const values = new Float32Array(elementCount(shape));
    await file.read(tensor, shape, values);
    return values;
  };
  const { prefix, tensors } = storedLayout(configuration);
  const gradients = new Map<string, { tensor: StoredTensor; gradient: Float32Array }[]>();
  for (const [parameter, parts] of tensors) {
    const list = [];
    for (const tensor of parts) {
      const stored = tensor.name === 'lm_head.weight' ? tensor.name : `${prefix}${tensor.name}`;
      list.push({ tensor, gradient: await read(`gradient/${stored}`) });
    }
    gradients.set(parameter, list);
  }
  const logits = {
    logits: await read('logits'),
    longLogits: await read('longLogits'),
    linearLogits: await read('linearLogits'),
  };
  await file.close();
  return {
    ...expected,
    configuration,
    gradients,
    logits,
    parameters: () => readWeights(folder, configuration),
  };
}

/** The packed batch as feeds, weights divided by their sum. */
export function llamaFeeds({ batch }: LlamaOracle): Record<string, NumericArray> {
  const { inputIds, positionIds, targetIds, targetWeights, visible } = batch;
  const total = targetWeights.reduce((sum, weight) => sum + weight, 0);
  return {
    inputIds: Int32Array.from(inputIds),
    positionIds: Int32Array.from(positionIds),
    targetIds: Int32Array.from(targetIds),
    targetWeights: Float32Array.from(targetWeights, (weight) => weight / total),
    attentionMask: Float32Array.from(visible, (sees) => (sees ? 0 : -1e9)),
  };
}

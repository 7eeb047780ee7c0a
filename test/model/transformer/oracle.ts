import { readFileSync } from 'node:fs';
import type { NumericArray } from '../../../src/model/engine/engine.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import {
  createParameterStore,
  type ParameterStore,
  parameterSpecifications,
} from '../../../src/model/transformer/parameters.js';

/** What a training of one batch gave in PyTorch, and what Hugging Face's model says greedily. */
export interface TrainingOracle {
  readonly options: {
    readonly learningRate: number;
    readonly weightDecay: number;
    readonly clipNorm: number;
  };
  readonly batch: {
    readonly rows: number;
    readonly rowLength: number;
    readonly inputIds: number[];
    readonly positionIds: number[];
    readonly targetIds: number[];
    readonly targetWeights: number[];
    readonly visible: number[];
  };
  readonly loss: number;
  readonly steps: readonly { loss: number; gradientNorm: number }[];
  readonly greedy: readonly { prompt: number[]; continuation: number[] }[];
}

/** What test/oracles/gpt2/make_fixture.py wrote: values of PyTorch and Hugging Face transformers. */
export interface Gpt2Oracle extends TrainingOracle {
  readonly configuration: TransformerConfiguration;
  readonly parameters: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  readonly logits: number[];
  readonly gradients: Readonly<Record<string, number[]>>;
}

const path = new URL('../../oracles/gpt2/gpt2-tiny.json', import.meta.url);

export const oracle = JSON.parse(readFileSync(path, 'utf8')) as Gpt2Oracle;

/** The oracle's parameters in a store of ours. */
export function oracleParameters(): ParameterStore {
  const store = createParameterStore(parameterSpecifications(oracle.configuration));
  for (const [name, { values }] of Object.entries(oracle.parameters)) store.views.get(name)!.set(values);
  return store;
}

/** The oracle's packed batch as feeds, weights divided by their sum. */
export function oracleFeeds(): Record<string, NumericArray> {
  const { inputIds, positionIds, targetIds, targetWeights, visible } = oracle.batch;
  const total = targetWeights.reduce((sum, weight) => sum + weight, 0);
  return {
    inputIds: Int32Array.from(inputIds),
    positionIds: Int32Array.from(positionIds),
    targetIds: Int32Array.from(targetIds),
    targetWeights: Float32Array.from(targetWeights, (weight) => weight / total),
    attentionMask: Float32Array.from(visible, (sees) => (sees ? 0 : -1e9)),
  };
}

/** Largest |actual − expected| divided by the largest |expected|. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, scale] = [0, 0];
  for (let index = 0; index < expected.length; index++) {
    difference = Math.max(difference, Math.abs(actual[index]! - expected[index]!));
    scale = Math.max(scale, Math.abs(expected[index]!));
  }
  return difference / scale;
}

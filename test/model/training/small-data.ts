import { createRandom } from '../../../src/common/random.js';
import { restrictedTokenizer } from '../../../src/model/tokenizer/restricted.js';
import { tokenizeTitles } from '../../../src/model/tokenizer/tokenized-titles.js';
import type { TrainingOptions } from '../../../src/model/training/training-options.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';

/** Titles of a small grammar: learnable in some dozens of steps. */
function titles(count: number, seed: number): string[] {
  const random = createRandom(seed, 'grammar');
  const pick = (words: string): string => {
    const list = words.split(' ');
    return list[random.integer(list.length)]!;
  };
  return Array.from(
    { length: count },
    () =>
      `Why does my ${pick('red blue old new')} ${pick('cat dog car boat')} ${pick('sing sleep stop')} at ${pick('night noon')}`,
  );
}

export const tokenizer = restrictedTokenizer(titles(200, 1));
const [train, validation] = [titles(200, 1), titles(40, 2)].map(
  (list) => tokenizeTitles(list, tokenizer, { maximumTokens: 40 }).titles,
);
export const data = { train: train!, validation: validation! };
export const configuration: TransformerConfiguration = {
  vocabularySize: tokenizer.vocabularySize,
  contextLength: 64,
  width: 32,
  layers: 2,
  heads: 2,
  layerNormEpsilon: 1e-5,
};
export const options: TrainingOptions = {
  seed: 5,
  steps: 24,
  maxEpochs: 1,
  minimumSteps: 0,
  batchSize: 4,
  accumulateGradients: 1,
  rowLength: 64,
  learningRate: 1e-2,
  warmupSteps: 4,
  schedule: 'cosine',
  weightDecay: 0.1,
  clipNorm: 1,
  dropout: 0,
  onlyTrainTransformerLayers: false,
  loraRank: undefined,
  frozenPrecision: undefined,
  recompute: false,
  mixedPrecision: 'off',
  evaluateEvery: 8,
  saveEvery: 6,
  printEvery: 5,
  patience: undefined,
};

import {
  nanoConfiguration,
  type TransformerConfiguration,
} from '../../src/model/transformer/configuration.js';
import { baseConfiguration } from '../../src/model/weights/base-model.js';

const published = { vocabularySize: 50_257, contextLength: 1024, layerNormEpsilon: 1e-5 };

/** What SmolLM2's two smaller models have alike (their config.json). */
const smollm2 = (width: number, layers: number, keyValueHeads: number): TransformerConfiguration => ({
  vocabularySize: 49_152,
  contextLength: 8192,
  width,
  layers,
  heads: 3 * keyValueHeads,
  layerNormEpsilon: 1e-5,
  llama: {
    keyValueHeads,
    headWidth: 64,
    innerWidth: (8 * width) / 3,
    rotary: { base: 100_000 },
    tiedOutput: true,
  },
});

/** Sizes by name: OpenAI's four, SmolLM2's two smaller ones, the base model, and nano over the vocabulary of the bundled sample. */
export const configurations: Readonly<Record<string, TransformerConfiguration>> = {
  nano: nanoConfiguration(2048),
  base: baseConfiguration,
  '124M': { ...published, width: 768, layers: 12, heads: 12 },
  'smollm2-135M': smollm2(576, 30, 3),
  'smollm2-360M': smollm2(960, 32, 5),
  '355M': { ...published, width: 1024, layers: 24, heads: 16 },
  '774M': { ...published, width: 1280, layers: 36, heads: 20 },
  '1558M': { ...published, width: 1600, layers: 48, heads: 25 },
};

import {
  nanoConfiguration,
  type TransformerConfiguration,
} from '../../src/model/transformer/configuration.js';
import { baseConfiguration } from '../../src/model/weights/base-model.js';
import { publishedShape } from '../../src/model/weights/model-name.js';

const published = { vocabularySize: 50_257, contextLength: 1024, layerNormEpsilon: 1e-5 };

/** Sizes by name: OpenAI's four, SmolLM2's two smaller ones, the base model, and nano over the vocabulary of the bundled sample. */
export const configurations: Readonly<Record<string, TransformerConfiguration>> = {
  nano: nanoConfiguration(2048),
  base: baseConfiguration,
  '124M': { ...published, width: 768, layers: 12, heads: 12 },
  smollm2: publishedShape('smollm2')!,
  'smollm2-360M': publishedShape('smollm2-360M')!,
  '355M': { ...published, width: 1024, layers: 24, heads: 16 },
  '774M': { ...published, width: 1280, layers: 36, heads: 20 },
  '1558M': { ...published, width: 1600, layers: 48, heads: 25 },
};

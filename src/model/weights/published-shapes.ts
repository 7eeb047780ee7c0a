import type { TransformerConfiguration } from '../transformer/configuration.js';
import { parseModelName } from './model-name.js';

/** Layers and width of the published GPT-2s (Radford et al. 2019, table 2; Sanh et al. 2019 for the distilled one). */
const shapes: Readonly<Record<string, readonly [layers: number, width: number]>> = {
  'openai-community/gpt2': [12, 768],
  'openai-community/gpt2-medium': [24, 1024],
  'openai-community/gpt2-large': [36, 1280],
  'openai-community/gpt2-xl': [48, 1600],
  'distilbert/distilgpt2': [6, 768],
};

/** Width of an attention head in all of them. */
const headWidth = 64;

/**
 * The shape of a published model by any of its names, without asking the hub; undefined for others.
 * @throws TitlesmithError when it is no name of a model.
 */
export function publishedShape(name: string): TransformerConfiguration | undefined {
  const model = parseModelName(name);
  const shape = model.kind === 'hub' ? shapes[model.repository] : undefined;
  if (!shape) return undefined;
  const [layers, width] = shape;
  const heads = width / headWidth;
  return { vocabularySize: 50_257, contextLength: 1024, width, layers, heads, layerNormEpsilon: 1e-5 };
}

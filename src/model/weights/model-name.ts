import { existsSync } from 'node:fs';
import { InterruptedError, TitlesmithError, usageError } from '../../common/errors.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { baseFolder } from './base-folder.js';
import { baseConfiguration, baseName } from './base-model.js';
import { isTrainedName, parseHubId, publishedRepositories } from './published-models.js';

/**
 * What `--model` names: a repository of the Hugging Face hub at a revision, or a folder (or a checkpoint in it).
 */
type ModelName =
  | { readonly kind: 'hub'; readonly repository: string; readonly revision: string }
  | { readonly kind: 'folder'; readonly path: string };

/**
 * Parses a model's name: base, 124M, 355M, 774M, 1558M, distil, smollm2, smollm2-360M, a path, or `owner/name[@revision]`. An existing folder takes
 * precedence over a repository of the same name.
 * @throws TitlesmithError when it is none of these; `usage` if it does not even look like a path.
 */
export function parseModelName(name: string): ModelName {
  if (name === baseName) return { kind: 'folder', path: baseFolder };
  const known = publishedRepositories.get(name);
  if (known !== undefined) return { kind: 'hub', repository: known, revision: 'main' };
  if (existsSync(name) || existsSync(`${name}.index`)) return { kind: 'folder', path: name };
  if (isTrainedName(name)) {
    throw usageError(
      `${JSON.stringify(name)} names no model that is there, but one that a training makes.`,
      'Train it with titlesmith pipeline and name its run folder, or name base, 124M, a folder or a Hugging Face id.',
    );
  }
  if (/^\.{0,2}[\\/]|^~|^[A-Za-z]:[\\/]|\/$|\.gguf$/i.test(name)) {
    throw new TitlesmithError(
      `There is no ${/\.gguf$/i.test(name) ? 'file' : 'folder'} ${JSON.stringify(name)} to take a model from.`,
      {
        code: 'model-folder-missing',
        hint: 'Check the path.',
      },
    );
  }
  const hub = parseHubId(name);
  if (hub === undefined) {
    throw usageError(
      `${JSON.stringify(name)} is no known model, no folder and no Hugging Face id (owner/name).`,
      'Use base, 124M, 355M, 774M, 1558M, distil, smollm2, smollm2-360M, a folder, a GGUF file or a Hugging Face id; a training also takes auto, nano and scratch.',
    );
  }
  return { kind: 'hub', ...hub };
}

/**
 * An error in finding a repository of the hub, with what else its name may have meant said first: `checkpoint/run1` reads as
 * `owner/name` too, where no such folder is there.
 */
export function aboutFolder(name: string, error: unknown): unknown {
  const isPath = !publishedRepositories.has(name) && !name.includes('@');
  if (!isPath || !(error instanceof TitlesmithError) || error instanceof InterruptedError) return error;
  const { message, code, hint } = error;
  const folder = `There is no folder ${name} in ${process.cwd()}`;
  const options = { code, ...(hint ? { hint } : {}), cause: error };
  return new TitlesmithError(`${folder}; as a Hugging Face id: ${message}`, options);
}

/** Layers and width of the published GPT-2s (Radford et al. 2019, table 2; Sanh et al. 2019 for the distilled one). */
const shapes: Readonly<Record<string, readonly [layers: number, width: number]>> = {
  'openai-community/gpt2': [12, 768],
  'openai-community/gpt2-medium': [24, 1024],
  'openai-community/gpt2-large': [36, 1280],
  'openai-community/gpt2-xl': [48, 1600],
  'distilbert/distilgpt2': [6, 768],
};

/** Width of an attention head in all published GPT-2s, and in SmolLM2's. */
const headWidth = 64;

/** Layers, width, heads of keys and values (the models' config.json). */
const smallLlamas: Readonly<Record<string, readonly [layers: number, width: number, keyValueHeads: number]>> =
  {
    'HuggingFaceTB/SmolLM2-135M': [30, 576, 3],
    'HuggingFaceTB/SmolLM2-360M': [32, 960, 5],
  };

/**
 * The shape of the base model, or of a published one by any of its names, without asking the hub; undefined for others.
 * @throws TitlesmithError when it is not the name of a model.
 */
export function publishedShape(name: string): TransformerConfiguration | undefined {
  if (name === baseName) return baseConfiguration;
  const model = parseModelName(name);
  if (model.kind !== 'hub') return undefined;
  const [gpt2, llama] = [shapes[model.repository], smallLlamas[model.repository]];
  if (llama) return smollm2Shape(llama);
  if (!gpt2) return undefined;
  const [layers, width] = gpt2;
  const heads = width / headWidth;
  return { vocabularySize: 50_257, contextLength: 1024, width, layers, heads, layerNormEpsilon: 1e-5 };
}

function smollm2Shape([layers, width, keyValueHeads]: readonly [
  number,
  number,
  number,
]): TransformerConfiguration {
  const llama = {
    keyValueHeads,
    headWidth,
    innerWidth: (8 * width) / 3,
    rotary: { base: 100_000 },
    tiedOutput: true,
  };
  const heads = width / headWidth;
  return { vocabularySize: 49_152, contextLength: 8192, width, layers, heads, layerNormEpsilon: 1e-5, llama };
}

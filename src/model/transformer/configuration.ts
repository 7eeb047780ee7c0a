import { TitlesmithError } from '../../common/errors.js';
import { checkArgument } from '../../options/call-arguments.js';
import type { DecidedValuesOf } from '../../options/option-row.js';
import { decideValues } from '../../options/option-values.js';
import { sizeOptions } from '../../options/table/model.js';

/** Key of config.json, titlesmith's own, which transformers keeps: whose weights the model's began as. */
const descentKey = 'titlesmith_descends_from';

/**
 * Shape of a GPT-2 (Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, section
 * 2.3), and what its weights began as.
 */
export interface TransformerConfiguration {
  /** V */
  readonly vocabularySize: number;
  /** Longest text in tokens: number of rows of the position embedding. */
  readonly contextLength: number;
  /** C */
  readonly width: number;
  /** L */
  readonly layers: number;
  /** H; divides the width. */
  readonly heads: number;
  readonly layerNormEpsilon: number;
  /** `base`: the model that ships with titlesmith. Undefined for any other beginning, or where that is not known. */
  readonly descendsFrom?: 'base' | undefined;
}

/**
 * The model `nano`, trained from scratch: small enough to train in minutes on a laptop.
 */
export function nanoConfiguration(vocabularySize: number): TransformerConfiguration {
  const size = { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1 } as const;
  checkArgument('nanoConfiguration', 'vocabularySize', vocabularySize, size);
  return scratchConfiguration(decideValues(sizeOptions, 'scratch', {}), vocabularySize);
}

/**
 * The shape of a model of given sizes.
 * @param titlesVocabulary size of the vocabulary where the titles decide it.
 */
export function scratchConfiguration(
  { width, layers, heads, contextLength, vocabularySize }: DecidedValuesOf<typeof sizeOptions>,
  titlesVocabulary: number,
): TransformerConfiguration {
  return {
    vocabularySize: vocabularySize === 'titles' ? titlesVocabulary : vocabularySize,
    contextLength,
    width,
    layers,
    heads,
    layerNormEpsilon: 1e-5,
  };
}

/** The fields of Hugging Face's config.json of a GPT-2 that are read. */
interface ConfigurationFile {
  model_type?: unknown;
  activation_function?: unknown;
  n_inner?: unknown;
  add_cross_attention?: unknown;
  scale_attn_weights?: unknown;
  scale_attn_by_inverse_layer_idx?: unknown;
  tie_word_embeddings?: unknown;
  vocab_size?: unknown;
  n_positions?: unknown;
  n_embd?: unknown;
  n_layer?: unknown;
  n_head?: unknown;
  layer_norm_epsilon?: unknown;
  [descentKey]?: unknown;
}

/** Hugging Face's config.json; start and end are the same token, `endOfTextId`. */
export function formatConfiguration(configuration: TransformerConfiguration, endOfTextId: number): string {
  const file = {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    activation_function: 'gelu_new',
    vocab_size: configuration.vocabularySize,
    n_positions: configuration.contextLength,
    n_ctx: configuration.contextLength,
    n_embd: configuration.width,
    n_layer: configuration.layers,
    n_head: configuration.heads,
    n_inner: null,
    layer_norm_epsilon: configuration.layerNormEpsilon,
    bos_token_id: endOfTextId,
    eos_token_id: endOfTextId,
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    initializer_range: 0.02,
    tie_word_embeddings: true,
    torch_dtype: 'float32',
    [descentKey]: configuration.descendsFrom,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Settings that change what the model computes, and the values that are supported. */
function settings(file: ConfigurationFile): { name: keyof ConfigurationFile; allowed: readonly unknown[] }[] {
  return [
    { name: 'activation_function', allowed: ['gelu_new', 'gelu_pytorch_tanh'] },
    { name: 'n_inner', allowed: [null, 4 * Number(file.n_embd)] },
    { name: 'add_cross_attention', allowed: [false] },
    { name: 'scale_attn_weights', allowed: [true] },
    { name: 'scale_attn_by_inverse_layer_idx', allowed: [false] },
    { name: 'tie_word_embeddings', allowed: [true] },
  ];
}

/**
 * Reads config.json. @param path names the file in messages.
 * @throws TitlesmithError when it is not JSON, not a GPT-2, or a size is missing or out of bounds.
 */
export function parseConfiguration(content: string, path: string): TransformerConfiguration {
  const refuse = (what: string): never => {
    throw new TitlesmithError(`${path}: ${what}.`, {
      code: 'model-configuration',
      hint: 'Name a folder that holds a GPT-2 in Hugging Face form (config.json, model.safetensors, tokenizer files).',
    });
  };
  let file: ConfigurationFile;
  try {
    file = JSON.parse(content) as ConfigurationFile;
  } catch {
    return refuse('not JSON');
  }
  if (typeof file !== 'object' || file === null) return refuse('not a JSON object');
  if (file.model_type !== 'gpt2')
    return refuse(`model_type is ${JSON.stringify(file.model_type)}, not "gpt2"`);
  for (const { name, allowed } of settings(file)) {
    const value = file[name];
    if (value === undefined || allowed.includes(value)) continue;
    return refuse(`${name} ${JSON.stringify(value)} is not supported, only ${JSON.stringify(allowed[0])}`);
  }
  const size = (name: keyof ConfigurationFile, limit: number): number => {
    const value = file[name];
    if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= limit) return value;
    return refuse(`${name} must be a whole number from 1 to ${limit}; it is ${JSON.stringify(value)}`);
  };
  const [width, heads] = [size('n_embd', 16_384), size('n_head', 1024)];
  if (width % heads !== 0) return refuse(`n_embd ${width} is not a multiple of n_head ${heads}`);
  const epsilon = file.layer_norm_epsilon ?? 1e-5;
  if (typeof epsilon !== 'number' || !(epsilon > 0))
    return refuse('layer_norm_epsilon must be a positive number');
  return {
    vocabularySize: size('vocab_size', 65_536),
    contextLength: size('n_positions', 65_536),
    width,
    layers: size('n_layer', 1024),
    heads,
    layerNormEpsilon: epsilon,
    ...(file[descentKey] === 'base' ? { descendsFrom: 'base' } : {}),
  };
}

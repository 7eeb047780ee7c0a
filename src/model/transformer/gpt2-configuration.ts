import type { TransformerConfiguration } from './configuration.js';
import type { ConfigurationReader } from './configuration-fields.js';

/** What config.json says of a GPT-2, besides what it says of any model. */
export function gpt2Fields(configuration: TransformerConfiguration): Record<string, unknown> {
  return {
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
  };
}

/** The dropout that transformers would train a GPT-2 with, and its initial weights. */
export const gpt2TrainingFields: Readonly<Record<string, unknown>> = {
  attn_pdrop: 0,
  embd_pdrop: 0,
  resid_pdrop: 0,
  initializer_range: 0.02,
  tie_word_embeddings: true,
};

/** @throws TitlesmithError when a size is missing or out of bounds, or a setting is none of ours. */
export function readGpt2(reader: ConfigurationReader): TransformerConfiguration {
  reader.check([
    { name: 'activation_function', allowed: ['gelu_new', 'gelu_pytorch_tanh'] },
    { name: 'n_inner', allowed: [null, 4 * Number(reader.fields['n_embd'])] },
    { name: 'add_cross_attention', allowed: [false] },
    { name: 'scale_attn_weights', allowed: [true] },
    { name: 'scale_attn_by_inverse_layer_idx', allowed: [false] },
    { name: 'tie_word_embeddings', allowed: [true] },
  ]);
  const [width, heads] = [reader.size('n_embd', 16_384), reader.size('n_head', 1024)];
  if (width % heads !== 0) reader.refuse(`n_embd ${width} is not a multiple of n_head ${heads}`);
  return {
    vocabularySize: reader.size('vocab_size', 65_536),
    contextLength: reader.size('n_positions', 65_536),
    width,
    layers: reader.size('n_layer', 1024),
    heads,
    layerNormEpsilon: reader.positive('layer_norm_epsilon', 1e-5),
  };
}

import type {
  LlamaShape,
  RotaryPositions,
  RotaryScaling,
  TransformerConfiguration,
} from './configuration.js';
import { ConfigurationReader } from './configuration-fields.js';

/** What config.json says of a Llama, besides what it says of any model. */
export function llamaFields(
  configuration: TransformerConfiguration,
  llama: LlamaShape,
): Record<string, unknown> {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    vocab_size: configuration.vocabularySize,
    max_position_embeddings: configuration.contextLength,
    hidden_size: configuration.width,
    intermediate_size: llama.innerWidth,
    num_hidden_layers: configuration.layers,
    num_attention_heads: configuration.heads,
    num_key_value_heads: llama.keyValueHeads,
    head_dim: llama.headWidth,
    rms_norm_eps: configuration.layerNormEpsilon,
    rope_theta: llama.rotary.base,
    rope_scaling: scalingFields(llama.rotary.scaling),
    attention_bias: false,
    mlp_bias: false,
    attention_dropout: 0,
    initializer_range: 0.02,
    tie_word_embeddings: llama.tiedOutput,
  };
}

function scalingFields(scaling: RotaryScaling | undefined): Record<string, unknown> | null {
  if (!scaling) return null;
  const { kind, factor } = scaling;
  if (kind === 'linear') return { rope_type: kind, factor };
  return {
    rope_type: kind,
    factor,
    low_freq_factor: scaling.lowFrequencyFactor,
    high_freq_factor: scaling.highFrequencyFactor,
    original_max_position_embeddings: scaling.originalContextLength,
  };
}

const longestContext = 1 << 24;

/** @throws TitlesmithError when a size is missing or out of bounds, or a setting is none of ours. */
export function readLlama(reader: ConfigurationReader, path: string): TransformerConfiguration {
  reader.check([
    { name: 'hidden_act', allowed: ['silu', 'swish'] },
    { name: 'attention_bias', allowed: [false] },
    { name: 'mlp_bias', allowed: [false] },
    { name: 'tie_word_embeddings', allowed: [false, true] },
    { name: 'partial_rotary_factor', allowed: [1, null] },
    { name: 'rope_interleaved', allowed: [false] },
    { name: 'quantization_config', allowed: [null] },
  ]);
  const [width, heads] = [reader.size('hidden_size', 16_384), reader.size('num_attention_heads', 1024)];
  const keyValueHeads = reader.size('num_key_value_heads', heads, heads);
  if (heads % keyValueHeads !== 0)
    reader.refuse(`num_attention_heads ${heads} is not a multiple of num_key_value_heads ${keyValueHeads}`);
  const headWidth = reader.size('head_dim', 1024, width / heads);
  if (headWidth % 2 !== 0) reader.refuse(`head_dim ${headWidth} is odd, and rotary positions turn pairs`);
  return {
    vocabularySize: reader.size('vocab_size', 1 << 20),
    contextLength: reader.size('max_position_embeddings', longestContext),
    width,
    layers: reader.size('num_hidden_layers', 1024),
    heads,
    layerNormEpsilon: reader.positive('rms_norm_eps', 1e-6),
    llama: {
      keyValueHeads,
      headWidth,
      innerWidth: reader.size('intermediate_size', 1 << 18),
      rotary: readRotary(reader, path),
      tiedOutput: reader.fields['tie_word_embeddings'] === true,
    },
  };
}

/** transformers 5 has the base and the scaling in `rope_parameters`, earlier versions in `rope_theta` and `rope_scaling`. */
function readRotary(reader: ConfigurationReader, path: string): RotaryPositions {
  const { rope_parameters: together, rope_scaling: apart } = reader.fields;
  const field = together == null ? 'rope_scaling' : 'rope_parameters';
  const value = together ?? apart;
  const base = reader.positive('rope_theta', 10_000);
  if (value == null) return { base };
  if (typeof value !== 'object') return reader.refuse(`${field} is no object`);
  const fields = { ...(value as Record<string, unknown>) };
  const kind = fields['rope_type'] ?? fields['type'] ?? 'default';
  const inner = new ConfigurationReader({ rope_theta: base, ...fields }, `${path}: ${field}`);
  inner.check([{ name: 'partial_rotary_factor', allowed: [1, null] }]);
  const rotary = { base: inner.positive('rope_theta') };
  if (kind === 'default') return rotary;
  if (kind === 'linear') return { ...rotary, scaling: { kind, factor: inner.positive('factor') } };
  if (kind === 'llama3') {
    const scaling = {
      kind,
      factor: inner.positive('factor'),
      lowFrequencyFactor: inner.positive('low_freq_factor'),
      highFrequencyFactor: inner.positive('high_freq_factor'),
      originalContextLength: inner.size('original_max_position_embeddings', longestContext),
    } as const;
    if (scaling.highFrequencyFactor > scaling.lowFrequencyFactor) return { ...rotary, scaling };
    return inner.refuse('high_freq_factor must be above low_freq_factor');
  }
  return reader.refuse(
    `${field} of the kind ${JSON.stringify(kind)} is not supported, only default, linear and llama3`,
  );
}

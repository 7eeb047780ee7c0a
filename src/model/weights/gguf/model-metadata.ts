import type { GgufType } from '../../../options/choices.js';
import { architectureOf } from '../../transformer/architecture.js';
import type { TransformerConfiguration } from '../../transformer/configuration.js';
import type { TypedValue } from './metadata-values.js';

/** titlesmith's own key, which llama.cpp passes over: whose weights the model's began as. */
export const descentKey = 'titlesmith.descends_from';

/** Bytes that every tensor begins at a multiple of. */
export const alignment = 32;

/** llama.cpp's numbers of what most tensors are. */
const fileTypes: Readonly<Record<GgufType, number>> = { f32: 0, f16: 1, q8_0: 7 };

const whole = (value: number): TypedValue => ({ type: 'uint32', value });
const real = (value: number): TypedValue => ({ type: 'float32', value });
const text = (value: string): TypedValue => ({ type: 'string', value });

function llamaMetadata(configuration: TransformerConfiguration): readonly (readonly [string, TypedValue])[] {
  const { llama, vocabularySize, layerNormEpsilon } = configuration;
  if (!llama) return [['attention.layer_norm_epsilon', real(layerNormEpsilon)]];
  const { headWidth, keyValueHeads, rotary } = llama;
  const { scaling } = rotary;
  const linear = [
    ['rope.scaling.type', text('linear')],
    ['rope.scaling.factor', real(scaling?.factor ?? 1)],
  ] as const;
  return [
    ['attention.layer_norm_rms_epsilon', real(layerNormEpsilon)],
    ['attention.head_count_kv', whole(keyValueHeads)],
    ['attention.key_length', whole(headWidth)],
    ['attention.value_length', whole(headWidth)],
    ['rope.dimension_count', whole(headWidth)],
    ['rope.freq_base', real(rotary.base)],
    ...(scaling?.kind === 'linear' ? linear : []),
    ['vocab_size', whole(vocabularySize)],
  ];
}

/** What llama.cpp's conversion says of a model besides its tokenizer. @param name of the model, for people. */
export function modelMetadata(
  configuration: TransformerConfiguration,
  name: string,
  type: GgufType,
): ReadonlyMap<string, TypedValue> {
  const { contextLength, width, layers, heads, llama, descendsFrom } = configuration;
  const architecture = llama ? 'llama' : 'gpt2';
  const sizes: readonly (readonly [string, TypedValue])[] = [
    ['block_count', whole(layers)],
    ['context_length', whole(contextLength)],
    ['embedding_length', whole(width)],
    ['feed_forward_length', whole(architectureOf(configuration).innerWidth)],
    ['attention.head_count', whole(heads)],
    ...llamaMetadata(configuration),
  ];
  return new Map<string, TypedValue>([
    ['general.architecture', text(architecture)],
    ['general.type', text('model')],
    ['general.name', text(name)],
    ['general.file_type', whole(fileTypes[type])],
    ['general.quantization_version', whole(2)],
    ['general.alignment', whole(alignment)],
    ...(descendsFrom === undefined ? [] : [[descentKey, text(descendsFrom)] as const]),
    ...sizes.map(([key, value]) => [`${architecture}.${key}`, value] as const),
  ]);
}

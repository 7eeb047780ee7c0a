import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  formatConfiguration,
  parseConfiguration,
} from '../../../src/model/transformer/configuration-file.js';
import { llamaFolder, llamaNames } from './llama-oracle.js';

const fileOf = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(llamaFolder(name), 'config.json'), 'utf8')) as Record<string, unknown>;

describe('config.json of a Llama', () => {
  const parse = (changed: Record<string, unknown>) =>
    parseConfiguration(JSON.stringify({ ...fileOf('grouped'), ...changed }), 'config.json');

  test('is read as transformers wrote it', () => {
    expect(parse({})).toEqual({
      vocabularySize: 260,
      contextLength: 64,
      width: 32,
      layers: 2,
      heads: 4,
      layerNormEpsilon: 1e-5,
      llama: { keyValueHeads: 2, headWidth: 8, innerWidth: 48, rotary: { base: 10_000 }, tiedOutput: true },
    });
  });

  test.each(llamaNames)('is written so that it is read again: %s', (name) => {
    const configuration = parseConfiguration(JSON.stringify(fileOf(name)), 'config.json');
    expect(parseConfiguration(formatConfiguration(configuration, 259), 'config.json')).toEqual(configuration);
  });

  test('of earlier versions has base and scaling apart, and leaves out what has a default', () => {
    const { rope_parameters: _, num_key_value_heads: __, head_dim: ___, ...old } = fileOf('grouped');
    const { llama } = parseConfiguration(
      JSON.stringify({ ...old, rope_theta: 500, rope_scaling: { type: 'linear', factor: 2 } }),
      'config.json',
    );
    expect(llama).toMatchObject({
      keyValueHeads: 4,
      headWidth: 8,
      rotary: { base: 500, scaling: { kind: 'linear', factor: 2 } },
    });
  });

  test.each<[Record<string, unknown>, RegExp]>([
    [{ model_type: 'mistral' }, /model_type is "mistral", neither "gpt2" nor "llama"/],
    [{ hidden_act: 'gelu' }, /hidden_act "gelu" is not supported, only "silu"/],
    [{ attention_bias: true }, /attention_bias true is not supported, only false/],
    [{ rope_interleaved: true }, /rope_interleaved true is not supported, only false/],
    [{ mlp_bias: true }, /mlp_bias true/],
    [{ tie_word_embeddings: 'yes' }, /tie_word_embeddings "yes"/],
    [{ quantization_config: { bits: 4 } }, /quantization_config \{"bits":4\} is not supported, only null/],
    [{ num_key_value_heads: 3 }, /num_attention_heads 4 is not a multiple of num_key_value_heads 3/],
    [{ num_key_value_heads: 8 }, /num_key_value_heads must be a whole number from 1 to 4; it is 8/],
    [{ head_dim: 7 }, /head_dim 7 is odd/],
    [{ head_dim: null, hidden_size: 33 }, /head_dim must be a whole number from 1 to 1024; it is 8\.25/],
    [{ rms_norm_eps: 0 }, /rms_norm_eps must be a positive number/],
    [{ intermediate_size: undefined }, /intermediate_size must be a whole number.*it is undefined/],
    [
      { rope_parameters: { rope_type: 'yarn', factor: 4 } },
      /rope_parameters of the kind "yarn" is not supported, only default, linear and llama3/,
    ],
    [{ rope_parameters: null, rope_scaling: { type: 'dynamic' } }, /rope_scaling of the kind "dynamic"/],
    [{ rope_parameters: 'default' }, /rope_parameters is no object/],
    [{ rope_parameters: { rope_type: 'linear' } }, /rope_parameters: factor must be a positive number/],
    [{ rope_parameters: { rope_theta: -1 } }, /rope_parameters: rope_theta must be a positive number/],
    [{ rope_parameters: { partial_rotary_factor: 0.5 } }, /partial_rotary_factor 0\.5 is not supported/],
    [
      {
        rope_parameters: {
          rope_type: 'llama3',
          factor: 8,
          low_freq_factor: 4,
          high_freq_factor: 4,
          original_max_position_embeddings: 32,
        },
      },
      /high_freq_factor must be above low_freq_factor/,
    ],
  ])('%j', (changed, pattern) => {
    expect(() => parse(changed)).toThrow(pattern);
  });
});

import { describe, expect, test } from 'vitest';
import { fieldSchemas, fromFields, readFields, toFields } from '../../src/options/json-schema.js';
import { optionTable } from '../../src/options/option-table.js';
import { defaultsOf } from '../../src/options/option-values.js';
import { generationOptions, samplingOptions } from '../../src/options/table/generation.js';

const sampling = toFields(samplingOptions);

describe('options as fields of a body in JSON', () => {
  test('go by names in snake case, with the bounds of their rows', () => {
    expect(fieldSchemas(sampling)).toEqual({
      temperature: { type: 'number', minimum: 0, maximum: 100 },
      top_k: { type: 'integer', minimum: 0, maximum: 1_000_000 },
      top_p: { type: 'number', minimum: 0, maximum: 1 },
      min_p: { type: 'number', minimum: 0, maximum: 1 },
      typical_p: { type: 'number', minimum: 0, maximum: 1 },
      repetition_penalty: { type: 'number', minimum: 0.01, maximum: 10 },
      presence_penalty: { type: 'number', minimum: -2, maximum: 2 },
      frequency_penalty: { type: 'number', minimum: -2, maximum: 2 },
      logit_bias: { type: 'object', additionalProperties: { type: 'number', minimum: -100, maximum: 100 } },
    });
    const { learningRate, includePrefix, delimiters } = optionTable;
    expect(fieldSchemas(toFields({ learningRate, includePrefix, delimiters }))).toEqual({
      learning_rate: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
      include_prefix: { type: 'boolean' },
      delimiters: { type: 'string', enum: ['token', 'text'] },
    });
  });

  test('may be null, and have bounds of their own', () => {
    const n = { ...generationOptions.nsamples, maximum: 64 };
    expect(fieldSchemas({ n }, { nullable: true })).toEqual({
      n: { type: ['integer', 'null'], minimum: 1, maximum: 64 },
    });
  });

  test('are as by default where they are left out or null, but not where they are 0', () => {
    expect(readFields(sampling, { top_k: null, top_p: 0.5, unknown: 1 })).toEqual({
      temperature: 0.7,
      top_k: 0,
      top_p: 0.5,
      min_p: 0,
      typical_p: 0,
      repetition_penalty: 1,
      presence_penalty: 0,
      frequency_penalty: 0,
      logit_bias: undefined,
    });
    expect(readFields(sampling, { temperature: 0 }).temperature).toBe(0);
  });

  test('become options again', () => {
    const values = { ...readFields(sampling, { top_k: 7 }), length: 3 };
    expect(fromFields(samplingOptions, values)).toEqual({ ...defaultsOf(samplingOptions), topK: 7 });
  });

  test('that have no use there have no schema', () => {
    expect(() => fieldSchemas({ runsDir: optionTable.runsDir })).toThrow('of type path has no JSON Schema');
  });
});

import { describe, expect, it } from 'vitest';
import type { RunOptions } from '../../src/options/option-table.js';
import { defaultOptions, recordOptions } from '../../src/options/option-values.js';
import type { Manifest } from '../../src/run/manifest.js';
import { recordCallBegun, recordStageCall } from '../../src/run/recorded-options.js';

const [model, sentenceModel] = ['nano', 'a sentence model'].map((choice) => ({ choice, reason: 'named' }));
const options = (given: Partial<RunOptions>): RunOptions => ({ ...defaultOptions(), ...given });
const manifest = {
  options: recordOptions(options({ semantic: true })),
  decisions: { model, sentenceModel },
  stages: {},
} as unknown as Manifest;

describe('the sentence model that run.json names', () => {
  const call = (given: Partial<RunOptions>) => ({ options: options(given), decisions: manifest.decisions });

  it('is that of the last search for paraphrases', () => {
    expect(recordStageCall(manifest, 'dedupe', call({ semantic: true })).decisions).toEqual({
      model,
      sentenceModel,
    });
  });

  it('is gone once titles were judged without one', () => {
    const { options: recorded, decisions } = recordStageCall(manifest, 'dedupe', call({ semantic: false }));
    expect(decisions).toEqual({ model });
    expect(recorded['semantic']).toBe(false);
    expect(recordCallBegun(manifest, call({ semantic: false })).decisions).toEqual({ model });
  });

  it('stays where another stage runs', () => {
    expect(recordStageCall(manifest, 'generate', call({ semantic: false })).decisions).toEqual({
      model,
      sentenceModel,
    });
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TitlesmithError } from '../../src/common/errors.js';
import { silentContext } from '../../src/common/progress.js';
import { checkArguments, completeContext } from '../../src/options/call-arguments.js';
import { optionNames, optionTable } from '../../src/options/option-table.js';
import { defaultOptions, recordOptions, restoreOptions } from '../../src/options/option-values.js';

const check = (given: unknown): unknown => checkArguments('call', given as object, optionTable);

/** What a check throws; undefined where it accepts. */
function refusal(given: unknown): unknown {
  try {
    check(given);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('checkArguments', () => {
  test('takes of any value only one that run.json can hold, and refuses others with the option named', () => {
    const given = fc.anything().filter((value) => value !== undefined);
    const property = fc.property(fc.constantFrom(...optionNames), given, (name, value) => {
      const error = refusal({ [name]: value });
      if (error === undefined) {
        const options = { ...defaultOptions(), ...(check({ [name]: value }) as object) };
        expect(restoreOptions(recordOptions(options))[name]).toEqual(options[name]);
        return;
      }
      expect(error).toBeInstanceOf(TitlesmithError);
      expect((error as TitlesmithError).message).toContain(`call: ${name} got `);
    });
    fc.assert(property, { numRuns: 5000, examples: [['promptSubreddit', { toString: [] }]] });
  });

  test('refuses every key that is no option', () => {
    const property = fc.property(fc.string({ unit: 'binary' }), fc.anything(), (key, value) => {
      if (Object.hasOwn(optionTable, key)) return;
      // Defined, not assigned: `__proto__` is a key too.
      const given = Object.defineProperty({}, key, { value, enumerable: true });
      expect(refusal(given)).toMatchObject({
        code: 'usage',
        message: expect.stringContaining('has no option'),
      });
    });
    fc.assert(property, {
      numRuns: 2000,
      examples: [
        ['__proto__', 1],
        ['constructor', 1],
        ['toString', 1],
        ['', 1],
      ],
    });
  });

  test('takes any order of keys, and undefined for what is left out', () => {
    expect(check({ topK: 5, steps: undefined, nsamples: 2 })).toEqual({
      topK: 5,
      steps: undefined,
      nsamples: 2,
    });
    expect(check({})).toEqual({});
  });

  test('reads names in every spelling', () => {
    expect(check({ subreddit: ['r/AskReddit', '/r/AWW'] })).toEqual({ subreddit: ['askreddit', 'aww'] });
  });
});

describe('completeContext', () => {
  test('fills in what a context leaves out', () => {
    const onProgress = (): void => {};
    expect(completeContext('call', { onProgress })).toEqual({ onProgress, signal: silentContext.signal });
    expect(completeContext('call', undefined)).toEqual({ ...silentContext });
    expect(completeContext('call', { onProgress: undefined })).toEqual({ ...silentContext });
  });

  test('refuses what is none', () => {
    const wrong: readonly unknown[] = [5, 'x', [], { onProgress: 1 }, { signal: true }, { signal: {} }, null];
    for (const context of wrong)
      expect(() => completeContext('call', context as object)).toThrow('which is no context');
  });
});

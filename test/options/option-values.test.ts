import { describe, expect, test } from 'vitest';
import { parseBatchFile } from '../../src/batch/batch-file.js';
import { TitlesmithError } from '../../src/common/errors.js';
import { checkOptionsTogether } from '../../src/options/option-rules.js';
import { type OptionName, optionNames, type RunOptions, rowOf } from '../../src/options/option-table.js';
import {
  defaultOptions,
  flagOf,
  formatOption,
  readOption,
  recordOptions,
  restoreOptions,
} from '../../src/options/option-values.js';
import { planRuns } from '../../src/pipeline/run/run-plan.js';
import { decideOptions } from '../../src/run/decided-options.js';

function thrownBy(action: () => unknown): TitlesmithError {
  try {
    action();
  } catch (error) {
    if (error instanceof TitlesmithError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('one value', () => {
  const accepted: [OptionName, string, unknown][] = [
    ['from', '2019-12', '2019-12'],
    ['limit', '1', 1],
    ['temperature', '0', 0],
    ['temperature', '.5', 0.5],
    ['learningRate', '1e-4', 1e-4],
    ['subreddit', 'r/AskReddit', 'askreddit'],
    ['subreddit', '/r/aww', 'aww'],
    ['includePrefix', 'false', false],
    ['seed', '4294967295', 4294967295],
    ['source', 'csv', 'csv'],
    ['maxBytesBilled', '5000000', 5e6],
    ['maxBytesBilled', '1.5 GB', 1.5e9],
    ['maxBytesBilled', '100GiB', 100 * 2 ** 30],
  ];
  test.each(accepted)('--%s %s', (name, text, value) => {
    expect(readOption(flagOf(name), rowOf(name), text)).toBe(value);
  });

  test('--logit-bias lists tokens with what is added to their logits', () => {
    const read = (text: string): unknown => readOption('--logit-bias', rowOf('logitBias'), text);
    expect(read('198=-100, 50256=.5')).toEqual({ 198: -100, 50256: 0.5 });
    const { logitBias } = restoreOptions(recordOptions({ ...defaultOptions(), logitBias: { 198: -100 } }));
    expect(logitBias).toEqual({ 198: -100 });
  });

  const refused: [OptionName, string][] = [
    ['from', '2019-13'],
    ['from', '2019-1'],
    ['to', '1999-01'],
    ['limit', '0'],
    ['limit', '1.5'],
    ['limit', '1e3'],
    ['limit', ''],
    ['limit', 'Infinity'],
    ['temperature', '-1'],
    ['temperature', 'NaN'],
    ['temperature', '0x10'],
    ['topP', '1.01'],
    ['repetitionPenalty', '0'],
    ['logitBias', '198'],
    ['logitBias', '198=-101'],
    ['logitBias', '198=1,198=2'],
    ['logitBias', 'the=1'],
    ['logitBias', ''],
    ['similarityThreshold', '0'],
    ['similarityThreshold', 'automatic'],
    ['learningRate', '0'],
    ['subreddit', 'a'],
    ['subreddit', 'ask reddit'],
    ['subreddit', '../etc'],
    ['runName', '..'],
    ['runName', 'a/b'],
    ['runName', '.hidden'],
    ['source', 'mysql'],
    ['maxBytesBilled', '0'],
    ['maxBytesBilled', '-1GB'],
    ['maxBytesBilled', '10 apples'],
    ['maxBytesBilled', '2PB'],
    ['header', 'maybe'],
    ['until', 'lunch'],
    ['includePrefix', 'yes'],
    ['prefix', 'a\0b'],
    ['runsDir', ''],
  ];
  test.each(refused)('--%s %j is refused, naming flag and value', (name, value) => {
    const error = thrownBy(() => readOption(flagOf(name), rowOf(name), value));
    expect(error.code).toBe('usage');
    expect(error.message).toContain(`${flagOf(name)} got ${JSON.stringify(value)}`);
  });
});

describe('options together', () => {
  const csv = { source: 'csv', input: ['a.csv'] } as const;
  const refused: [string, Partial<RunOptions>, RegExp][] = [
    [
      'months in the wrong order',
      { subreddit: ['aww'], from: '2019-03', to: '2019-01' },
      /--from 2019-03 lies after --to 2019-01/,
    ],
    ['one name for two runs', { subreddit: ['aww', 'pics'], runName: 'x' }, /--run-name/],
    ['dumps without files', { subreddit: ['aww'], source: 'duckdb' }, /--input/],
    ['a sample with files', { subreddit: ['aww'], source: 'sample', input: ['a.csv'] }, /reads no files/],
    ['no subreddit', {}, /--input or --subreddit is missing/],
    [
      'a size of a model that has one',
      { ...csv, model: 'base', width: 384 },
      /^--width is a size of --model scratch, but --model is base/,
    ],
    ['a size of nano', { ...csv, model: 'nano', layers: 2 }, /^--layers is a size of --model scratch/],
    ['a size and no model', { ...csv, vocabularySize: 500 }, /^--vocabulary-size .* --model is auto/],
    [
      'heads that do not divide the width',
      { ...csv, model: 'scratch', width: 100, heads: 8 },
      /^--width 100 is not a multiple of --heads 8\./,
    ],
    [
      'a width that nano’s heads do not divide',
      { ...csv, model: 'scratch', width: 256 },
      /^--width 256 is not a multiple of --heads 6 \(the default\)/,
    ],
    [
      'a size beside a checkpoint',
      { ...csv, model: 'scratch', width: 96, restoreFrom: 'runs/other' },
      /^--width is a size of a model from scratch, but --restore-from runs\/other names one/,
    ],
    ['names left out of none', { ...csv, keepOut: ['aww'] }, /^--keep-out leaves names out of --subreddit/],
    ['all names left out', { subreddit: ['aww'], keepOut: ['aww', 'pics'] }, /^--keep-out names all/],
    [
      'copies among no samples',
      { ...csv, stopWhen: 'copies', sampleEvery: 0 },
      /^--stop-when copies looks for copies among samples, but --sample-every 0 takes none/,
    ],
    [
      'a patience that would not count',
      { ...csv, stopWhen: 'copies', patience: 3 },
      /^--stop-when copies does not stop for the held-out loss, but --patience 3 says when/,
    ],
    ['months of plain titles', { source: 'csv', input: ['a.csv'], from: '2019-01' }, /--from/],
  ];
  test.each(refused)('%s', (_name, given, message) => {
    const error = thrownBy(() => checkOptionsTogether({ ...defaultOptions(), ...given }));
    expect(error.code).toBe('usage');
    expect(error.message).toMatch(message);
  });

  test('sizes of a model from scratch go together', () => {
    const shape = { model: 'scratch', width: 384, layers: 6, heads: 6, vocabularySize: 16_384 };
    checkOptionsTogether({ ...defaultOptions(), ...csv, ...shape });
    checkOptionsTogether({ ...defaultOptions(), ...csv, model: 'scratch', vocabularySize: 'titles' });
  });

  test.each([
    [100, 8, '--heads 10, or --width 104'],
    [64, 6, '--heads 4, or --width 66'],
    [97, 6, '--heads 1, or --width 102'],
    [8, 100, '--heads 8, or --width 100'],
  ])('width %d with %d heads: %s', (width, heads, hint) => {
    const given = { ...defaultOptions(), ...csv, model: 'scratch', width, heads };
    expect(thrownBy(() => checkOptionsTogether(given)).hint).toContain(hint);
  });

  test('one month is a range', () => {
    checkOptionsTogether({ ...defaultOptions(), subreddit: ['aww'], from: '2019-01', to: '2019-01' });
  });
});

describe('the record of options', () => {
  test('names every option and gives back what it was made of', () => {
    const options: RunOptions = {
      ...defaultOptions(),
      subreddit: ['aww'],
      input: ['a b.csv', 'c.csv'],
      from: '2019-01',
      temperature: 0.25,
      prefix: 'What "is" 3,4\n?',
      includePrefix: false,
    };
    const record = JSON.parse(JSON.stringify(recordOptions(options)));
    expect(Object.keys(record).sort()).toEqual([...optionNames].sort());
    expect(restoreOptions(record)).toEqual(options);
  });

  test('is checked when it is read back', () => {
    expect(thrownBy(() => restoreOptions({ limit: -5 })).message).toContain('--limit got -5');
    expect(thrownBy(() => restoreOptions({ subreddit: ['../../x'] })).message).toContain('--subreddit');
  });
});

describe('the runs of a call', () => {
  test('one a subreddit, each with its own options, doubles once', () => {
    const { runs: plans } = planRuns({ subreddit: ['aww', 'pics', 'aww'] });
    expect(plans.map(({ name, options }) => [name, options.subreddit])).toEqual([
      ['aww', ['aww']],
      ['pics', ['pics']],
    ]);
  });

  test('files without a subreddit are named after the first file', () => {
    const [plan] = planRuns({ source: 'csv', input: ['some/dir/My Titles (2).csv.gz'] }).runs;
    expect(plan?.name).toBe('my-titles-2');
    expect(planRuns({ input: ['x.csv'], runName: 'all40' }).runs[0]?.name).toBe('all40');
  });

  test('none is called as a device of Windows', () => {
    const { runs } = planRuns({ subreddit: ['con', 'lpt1', 'console', 'com'] });
    expect(runs.map(({ name }) => name)).toEqual(['con-run', 'lpt1-run', 'console', 'com']);
    expect(planRuns({ input: ['AUX.csv'] }).runs[0]?.name).toBe('aux-run');
    for (const runName of ['con', 'NUL', 'nul.txt', 'Com9.a'])
      expect(thrownBy(() => planRuns({ input: ['x.csv'], runName })).message).toContain(
        'the name of a device on Windows',
      );
    expect(parseBatchFile('subreddits:\n  - con\n', 'batch.yaml').runs[0]!.name).toBe('con-run');
  });
});

test('a boolean with a word of its own takes that word too', () => {
  const rule = { type: 'boolean', or: 'auto' } as const;
  for (const [text, value] of [
    ['auto', 'auto'],
    ['true', true],
    ['false', false],
  ] as const) {
    expect(readOption('--header', rule, text)).toBe(value);
    expect(readOption('--header', rule, value)).toBe(value);
  }
  expect(() => readOption('--header', rule, 'maybe')).toThrow(/is none of auto, true, false/);
  expect(() => readOption('--quotes', { type: 'boolean' }, 'auto')).toThrow(/neither true nor false/);
});

describe('--canary-repeats', () => {
  const options = { ...defaultOptions(), subreddit: ['aww'] };

  test('needs canaries to repeat', () => {
    expect(() => checkOptionsTogether({ ...options, canaryRepeats: [1, 4] })).toThrow(
      '--canary-repeats needs --canaries.',
    );
    checkOptionsTogether({ ...options, canaries: 20, canaryRepeats: [1, 4] });
  });

  test('are whole numbers, from 1 on', () => {
    expect(readOption('--canary-repeats', rowOf('canaryRepeats'), '8')).toBe(8);
    for (const text of ['0', '1.5', 'two', '1001'])
      expect(() => readOption('--canary-repeats', rowOf('canaryRepeats'), text)).toThrow(
        /is not a whole number from 1 to 1000/,
      );
  });

  test('stand in the record of a training only where they are given', async () => {
    const decided = async (given: Partial<RunOptions>) =>
      decideOptions('finetune', { ...options, ...given }, { model: 'nano' });
    const plain = await decided({});
    expect(Object.keys(plain).filter((name) => name.startsWith('canar'))).toEqual([]);
    expect(await decided({ canaries: 20 })).toEqual({ ...plain, canaries: 20 });
    expect(await decided({ canaries: 20, canaryRepeats: [2] })).toEqual({
      ...plain,
      canaries: 20,
      canaryRepeats: [2],
    });
    const shown = await decideOptions('report', options, {});
    expect(Object.keys(shown).filter((name) => name.startsWith('canar'))).toEqual([]);
  });
});

test('an option is written as it is typed, biases and what an edited run.json holds too', () => {
  expect(formatOption('logitBias', { 198: -5, 50256: 2.5 })).toBe('--logit-bias 198=-5,50256=2.5');
  expect(formatOption('topP', { a: 1 })).toBe(String.raw`--top-p "{\"a\":1}"`);
  expect(formatOption('subreddit', ['jokes', 'news'])).toBe('--subreddit jokes news');
  expect(formatOption('prefix', 'What is')).toBe('--prefix "What is"');
});

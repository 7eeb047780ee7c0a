import { describe, expect, test } from 'vitest';
import { parseBatchFile, resolveRun } from '../../src/batch/batch-file.js';
import type { TitlesmithError } from '../../src/common/errors.js';

function fault(text: string): string {
  try {
    parseBatchFile(text, 'batch.yaml');
  } catch (error) {
    expect((error as TitlesmithError).code).toBe('usage');
    return (error as TitlesmithError).toLine();
  }
  throw new Error('the file was taken');
}

const valid = `
schedule: "0 3 * * 1"
time-zone: Europe/Berlin
jobs: 2
memory: 12GiB
deadline: 6h
options:
  source: duckdb
  input: [dumps/RS_2019-01.zst, dumps/RS_2019-02.zst]
  from: 2019-01
  learning-rate: 1e-4
subreddits:
  - askreddit
  - r/Jokes:
      steps: 400
      prefix: "-- 1"
  - news:
      run-name: news-hot
      temperature: 0.90
`;

describe('a batch file', () => {
  test('gives settings, and each subreddit its options over the common ones', () => {
    const { settings, runs } = parseBatchFile(valid, 'batch.yaml');
    expect(settings).toEqual({
      schedule: '0 3 * * 1',
      timeZone: 'Europe/Berlin',
      jobs: 2,
      memory: 12 * 2 ** 30,
      deadline: 6 * 3600,
    });
    const common = {
      source: 'duckdb',
      input: ['dumps/RS_2019-01.zst', 'dumps/RS_2019-02.zst'],
      from: '2019-01',
      learningRate: 1e-4,
    };
    expect(runs).toEqual([
      { name: 'askreddit', options: { ...common, subreddit: ['askreddit'] } },
      { name: 'jokes', options: { ...common, steps: 400, prefix: '-- 1', subreddit: ['jokes'] } },
      {
        name: 'news-hot',
        options: { ...common, runName: 'news-hot', temperature: 0.9, subreddit: ['news'] },
      },
    ]);
  });

  test('may map names to options, with anchors', () => {
    const text = 'subreddits:\n  jokes: &own\n    source: sample\n    steps: 3\n  news: *own\n  pics:\n';
    const { runs } = parseBatchFile(text, 'batch.yaml');
    expect(runs.map(({ name, options }) => [name, options.steps])).toEqual([
      ['jokes', 3],
      ['news', 3],
      ['pics', undefined],
    ]);
  });

  test.each([
    ['jobs: 0\nsubreddits: [aww]', /^batch\.yaml:1: jobs got "0", which is not a whole number from 1/],
    ['subreddits: [aww]\nstepz: 3', /^batch\.yaml:2: "stepz" is no setting of a batch/],
    [
      'deadlien: 5m\nsubreddits: [aww]',
      /^batch\.yaml:1: "deadlien" is no setting of a batch\. Did you mean deadline\?/,
    ],
    ['schedule: "0 3 * *"\nsubreddits: [aww]', /^batch\.yaml:1: schedule got "0 3 \* \*".*\(it has 4\)/],
    ['subreddits: [aww]\nsteps: 3', /^batch\.yaml:2: "steps" is no setting/],
    [
      'options:\n  keep-out: [pics]\nsubreddits:\n  - aww\n  - pics',
      /^batch\.yaml:5: --keep-out names all of/,
    ],
    [
      'options:\n  lerning-rate: 1\nsubreddits: [aww]',
      /^batch\.yaml:2: "lerning-rate" is no option\. Did you mean learning-rate\?/,
    ],
    ['options:\n  input: "-"\nsubreddits: [aww]', /^batch\.yaml:2: input cannot be standard input/],
    ['options:\n  jobs: 1\nsubreddits: [aww]', /^batch\.yaml:2: "jobs" is no option/],
    ['subreddits:\n  - aww\n  - pics:\n      steps: 1.5\n', /^batch\.yaml:4: steps got "1.5"/],
    [
      'subreddits:\n  - aww\n  - no such name\n',
      /^batch\.yaml:3: subreddits got "no such name", which is not the name/,
    ],
    ['subreddits:\n  - aww\n  - AWW\n', /^batch\.yaml:3: two runs are called aww, the other on line 2\./],
    [
      'subreddits:\n  - aww:\n      from: 2019-05\n      to: 2019-01\n',
      /^batch\.yaml:2: --from 2019-05 lies/,
    ],
    ['subreddits:\n  - aww:\n      overwrite: true\n', /^batch\.yaml:3: overwrite cannot stand here/],
    [
      'subreddits:\n  - aww:\n      prompt-subreddit: cats\n',
      /^batch\.yaml:3: prompt-subreddit cannot stand here/,
    ],
    [
      'options: {from: 2019-05, to: 2019-04}\nsubreddits:\n  - aww: {to: 2019-06}\n  - pics\n',
      /^batch\.yaml:4: --from 2019-05 lies/,
    ],
    [
      'subreddits:\n  - aww: {model: scratch, width: 64, heads: 4}\n  - pics: {model: base, width: 64}\n',
      /^batch\.yaml:3: --width is a size of --model scratch, but --model is base/,
    ],
    [
      'options: {model: scratch, width: 64}\nsubreddits: [aww]',
      /^batch\.yaml:2: --width 64 is not a multiple of --heads 6 \(the default\)/,
    ],
    ['options:\n  steps:\nsubreddits: [aww]', /^batch\.yaml:2: steps needs one value/],
    ['options:\n  steps: [1, 2]\nsubreddits: [aww]', /^batch\.yaml:2: steps needs one value/],
    ['jobs: 1\njobs: 2\nsubreddits: [aww]', /^batch\.yaml:2: this key stands here a second time/],
    ['subreddits: []', /^batch\.yaml:1: no subreddits are listed/],
    ['jobs: 1', /^batch\.yaml:1: subreddits is missing/],
    ['- aww', /^batch\.yaml holds no settings/],
    ['subreddits:\n  - "aww\n', /^batch\.yaml:\d: a quote, a bracket/],
    ['schedule: "61 * * * *"\nsubreddits: [aww]', /^batch\.yaml:1: schedule got .* is not a cron pattern/],
    ['time-zone: Mars/Base\nsubreddits: [aww]', /^batch\.yaml:1: time-zone got "Mars\/Base"/],
  ])('with a fault is refused with its line: %j', (text, message) => {
    expect(fault(text)).toMatch(message);
  });

  test('may name months by the day the batch starts', () => {
    const text = 'options: {source: bigquery, from: now-13, to: now-1}\nsubreddits: [aww]';
    const [run] = parseBatchFile(text, 'batch.yaml').runs;
    expect(resolveRun(run!, new Date('2026-01-31T23:59:59Z'))).toMatchObject({
      from: '2024-12',
      to: '2025-12',
    });
    expect(resolveRun(run!, new Date('2026-03-31T12:00:00Z'))).toMatchObject({
      from: '2025-02',
      to: '2026-02',
    });
  });
});

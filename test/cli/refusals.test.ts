import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { TitlesmithError } from '../../src/common/errors.js';
import type { CommandName } from '../../src/options/choices.js';
import type { OptionRow } from '../../src/options/option-row.js';
import { type OptionName, optionNames, type RunOptions, rowOf } from '../../src/options/option-table.js';
import { runPipeline } from '../../src/pipeline/pipeline.js';
import { runSingleStage } from '../../src/pipeline/run-stages.js';
import { copyRun, makeTemplate, pipelineOf, treeOf } from './finished-run.js';
import { lastLine, runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();
let run: string;
let before: Record<string, string>;
beforeAll(async () => {
  await makeTemplate(folder);
  run = copyRun(folder, 'kept');
  writeFileSync(join(folder, 'empty.txt'), '');
  writeFileSync(join(folder, 'latin.txt'), Uint8Array.of(0x57, 0xff, 0x0a));
  writeFileSync(join(folder, 'no-titles.csv'), 'title\n');
  writeFileSync(join(folder, 'quote.csv'), 'title\n"What is open\n');
  mkdirSync(join(folder, 'hollow'));
  before = treeOf(folder);
});

/** Values that an option's rule refuses. */
function wrongValues(row: OptionRow): readonly unknown[] {
  switch (row.type) {
    case 'integer':
    case 'number':
      return [row.minimum - 1, row.maximum + 1, Number.NaN, 'some', ...(row.type === 'integer' ? [8.5] : [])];
    case 'choice':
      return ['nosuch', 7];
    case 'boolean':
    case 'switch':
      return ['maybe', 1];
    case 'tokenBiases':
      return [7, { first: 1 }, { 5: 'high' }];
    default:
      return row.type === 'bytes' || row.type === 'duration' ? [-1, {}] : [7, {}];
  }
}

const wrongOptions = (command: CommandName): readonly (readonly [OptionName, unknown])[] =>
  optionNames
    .filter((name) => rowOf(name).commands.includes(command))
    .flatMap((name) => wrongValues(rowOf(name)).map((value) => [name, value] as const));

test('what would become of the titles that are there is not said where the call is refused', async () => {
  const refused = await runCli(['generate', run, '--nsamples', '2', '--subreddit', 'nosuch'], folder);
  expect(refused.code).not.toBe(0);
  expect(lastLine(refused)).toMatch(/^Error: .*subreddit/);
  expect(refused.errors).not.toContain('are added');
  expect(treeOf(folder)).toEqual(before);
});

describe('a call with an option that its rule refuses changes nothing', () => {
  test.each(['finetune', 'generate', 'dedupe', 'report'] as const)('%s', async (stage) => {
    const wrong = wrongOptions(stage);
    expect(wrong.length).toBeGreaterThan(0);
    for (const [name, value] of wrong) {
      const options = { [name]: value } as Partial<RunOptions>;
      const error = await runSingleStage(stage, join(folder, run), options).catch(
        (thrown: unknown) => thrown,
      );
      expect(error, `${stage} ${name} ${String(value)}`).toBeInstanceOf(TitlesmithError);
    }
    expect(treeOf(folder)).toEqual(before);
  });

  test('pipeline', async () => {
    const base = {
      input: [join(folder, 'titles.csv')],
      source: 'csv',
      runsDir: join(folder, 'runs'),
    } as const;
    for (const runName of ['kept', 'new']) {
      for (const [name, value] of wrongOptions('pipeline')) {
        const options = { ...base, runName, [name]: value } as Partial<RunOptions>;
        const error = await runPipeline(options).catch((thrown: unknown) => thrown);
        expect(error, `pipeline ${name} ${String(value)}`).toBeInstanceOf(TitlesmithError);
      }
    }
    expect(treeOf(folder)).toEqual(before);
  });
});

/** Commands that cannot be done, and what their one line says. */
const refused: readonly (readonly [words: readonly string[], line: RegExp])[] = [
  [['finetune', 'runs/kept', '--row-length', '500'], /--row-length 500/],
  [['finetune', 'runs/kept', '--row-length', '8'], /--row-length 8/],
  [['finetune', 'runs/kept', '--model', '/no/such/model'], /no folder "\/no\/such\/model"/],
  [['finetune', 'runs/kept', '--model', '124M'], /openai-community\/gpt2/],
  [['finetune', 'runs/kept', '--model', 'hollow'], /holds no model/],
  [['finetune', 'runs/kept', '--model', 'runs/kept'], /belongs to this run/],
  [['finetune', 'runs/kept', '--restore-from', 'nosuch'], /--restore-from got "nosuch"/],
  [['finetune', 'runs/kept', '--restore-from', 'latest', '--row-length', '500'], /--row-length 500/],
  [['finetune', 'runs/kept', '--restore-from', 'fresh', '--row-length', '500'], /--row-length 500/],
  [['finetune', 'runs/kept', '--restore-from', 'runs/kept', '--row-length', '500'], /--row-length 500/],
  [['finetune', 'runs/kept', '--overwrite', '--row-length', '500'], /--row-length 500/],
  [
    ['finetune', 'runs/kept', '--batch-size', '4096', '--row-length', '128'],
    /takes some [\d.]+ GB of memory/,
  ],
  [['finetune', 'runs/kept', '--device', 'cuda'], /cuda/],
  [['finetune', 'runs/kept', '--mixed-precision', 'float16', '--device', 'cpu'], /float16/],
  [['finetune', 'runs/kept', '--frozen-precision', 'int8'], /--frozen-precision needs --lora-rank/],
  [['finetune', 'runs/nosuch'], /is no run: there is no such folder/],
  [['generate', 'runs/kept', '--length', '500'], /--length 500 does not fit/],
  [['generate', 'runs/kept', '--overwrite', '--length', '500'], /--length 500 does not fit/],
  [['generate', 'runs/kept', '--prefix', 'Who knows '.repeat(80)], /does not fit/],
  [['generate', 'runs/kept', '--prefix-file', 'nosuch.txt'], /nosuch\.txt/],
  [['generate', 'runs/kept', '--logit-bias', '50257=1'], /--logit-bias names token 50257/],
  [['generate', 'runs/kept', '--prefix-file', 'empty.txt'], /holds no prefix/],
  [['generate', 'runs/kept', '--prefix-file', 'latin.txt'], /not UTF-8/],
  [['generate', 'runs/kept', '--prefix-file', 'hollow'], /hollow/],
  [['generate', 'runs/kept', '--prefix', 'a', '--prefix-file', 'empty.txt'], /only one of them/],
  [['generate', 'runs/kept', '--truncate', ''], /--truncate/],
  [['generate', 'runs/kept', '--novel', '--temperature', '0'], /--novel draws titles again, but at --temp/],
  [['generate', 'runs/kept', '--novel', '--top-k', '1'], /--novel draws titles again, but at --top-k 1/],
  [
    ['generate', 'runs/kept', '--best-of', '3', '--min-p', '1'],
    /--best-of 3 .* at --min-p 1 all are the same/,
  ],
  [['generate', 'runs/kept', '--rank', 'novelty'], /--rank novelty .* --best-of is 1/],
  [['generate', 'runs/kept', '--best-of', '101'], /--best-of got "101"/],
  [['generate', 'base', '--best-of', '2', '--rank', 'both'], /--rank both compares with the titles of a run/],
  [['generate', 'base', '--novel'], /--novel compares with the titles of a run/],
  [['generate', 'runs/kept', '--precision', 'float16', '--device', 'cpu'], /float16/],
  [['dedupe', 'runs/kept', '--similarity-threshold', '2'], /--similarity-threshold/],
  [['report', 'runs/nosuch'], /is no run: there is no such folder/],
  [['review', 'runs/nosuch'], /is no run: there is no such folder/],
  [['review', 'runs/kept', '--port', '99999'], /--port/],
  [['serve', 'nosuch'], /"nosuch" is no run, no known model, no folder.* titlesmith models the models\./],
  [['serve', 'runs/kept', '--api-key-file', 'nosuch.key'], /nosuch\.key/],
  [['export', 'runs/kept', 'archive.zip'], /archive\.zip/],
  [['export', 'runs/kept', '--format', 'onnx', '--output', 'runs/kept'], /not empty/],
  [['import', 'titles.csv'], /titles\.csv/],
  [[...pipelineOf('kept', 'nosuch.csv')], /nosuch\.csv/],
  [[...pipelineOf('kept', 'nosuch.csv'), '--overwrite'], /nosuch\.csv/],
  [[...pipelineOf('kept', 'no-titles.csv')], /no-titles\.csv/],
  [[...pipelineOf('kept', 'no-titles.csv'), '--overwrite'], /no-titles\.csv/],
  [[...pipelineOf('kept', 'hollow')], /hollow/],
  [[...pipelineOf('kept'), '--column', 'headline'], /headline/],
  [[...pipelineOf('kept'), '--length', '500'], /--length 500/],
  [[...pipelineOf('kept'), '--row-length', '500'], /--row-length 500/],
  [[...pipelineOf('kept'), '--overwrite', '--row-length', '500'], /--row-length 500/],
  [[...pipelineOf('kept'), '--batch-size', '4096', '--row-length', '128'], /takes some [\d.]+ GB of memory/],
  [[...pipelineOf('kept'), '--prefix-file', 'nosuch.txt'], /nosuch\.txt/],
  [[...pipelineOf('kept'), '--model', '124M'], /openai-community\/gpt2/],
  [[...pipelineOf('kept'), '--restore-from', 'nosuch'], /--restore-from got "nosuch"/],
  [[...pipelineOf('kept'), '--from', '2019-01'], /--from/],
  [[...pipelineOf('new'), '--length', '500'], /--length 500/],
  [[...pipelineOf('new'), '--logit-bias', '50257=1'], /--logit-bias names token 50257/],
  [[...pipelineOf('new', 'nosuch.csv')], /nosuch\.csv/],
  [[...pipelineOf('new', 'no-titles.csv')], /no-titles\.csv/],
  [[...pipelineOf('new'), '--runs-dir', 'new/runs', '--row-length', '500'], /--row-length 500/],
  [
    ['pipeline', '--run-name', 'kept', '--source', 'bigquery', '--subreddit', 'aww', '--model', 'nano'],
    /credentials/i,
  ],
  [
    [
      'pipeline',
      '--run-name',
      'kept',
      '--source',
      'duckdb',
      '--input',
      'nosuch.ndjson',
      '--subreddit',
      'aww',
    ],
    /nosuch\.ndjson/,
  ],
];

describe('a command that cannot be done changes nothing', () => {
  test.each(refused)('%j', async (words, line) => {
    const finished = await runCli(words, folder);
    expect([1, 2]).toContain(finished.code);
    const errors = finished.errors.split('\n').filter((text) => text.startsWith('Error: '));
    expect(errors, finished.errors).toHaveLength(1);
    expect(errors[0]).toMatch(line);
    expect(finished.errors).not.toMatch(/^\s+at /m);
  });

  test('as they were all tried on the same run', async () => {
    expect(treeOf(folder)).toEqual(before);
  });
});

test('more titles are not added to those of a model that has been replaced since', async () => {
  const retrained = copyRun(folder, 'retrained');
  expect((await runCli(['finetune', retrained, '--steps', '4'], folder)).code).toBe(0);
  const whole = treeOf(join(folder, retrained));
  const more = await runCli(['generate', retrained, '--nsamples', '2'], folder);
  expect(more.code).toBe(1);
  expect(lastLine(more)).toMatch(
    /^Error: More titles cannot be added to runs\/retrained\/generated\.jsonl: the 8 that are there are of a model that has been replaced since\. .*--overwrite/,
  );
  expect(treeOf(join(folder, retrained))).toEqual(whole);
  const anew = await runCli(['generate', retrained, '--nsamples', '2', '--overwrite'], folder);
  expect(anew.code).toBe(0);
  expect(
    readFileSync(join(folder, retrained, 'generated.jsonl'), 'utf8')
      .trim()
      .split('\n'),
  ).toHaveLength(2);
});

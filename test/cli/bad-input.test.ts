import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultOptions } from '../../src/options/option-values.js';
import { RunFolder } from '../../src/pipeline/run/run-folder.js';
import { type Finished, lastLine, runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();

/** Checks that the process ended with `code` and one line of error, no stack, nothing on standard output. */
function expectOneLine(finished: Finished, code: number, pattern: RegExp): void {
  expect(lastLine(finished)).toMatch(/^Error: /);
  expect(lastLine(finished)).toMatch(pattern);
  expect(finished.errors.match(/^Error: /gm)).toHaveLength(1);
  expect(finished.errors).not.toMatch(/^\s+at /m);
  expect(finished.output).toBe('');
  expect(finished.code).toBe(code);
}

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return name;
}

describe('wrong use ends with exit code 2', () => {
  const pipeline = ['pipeline', '--subreddit', 'askreddit'];
  const cases: [string[], RegExp][] = [
    [[...pipeline, '--from', '2019-13'], /--from got "2019-13"/],
    [[...pipeline, '--limit', '0'], /--limit got "0"/],
    [[...pipeline, '--temperature', '-1'], /--temperature got "-1"/],
    [[...pipeline, '--model', 'nosuch'], /"nosuch" is no known model/],
    [[...pipeline, '--from', '2019-03', '--to', '2019-01'], /--from 2019-03 lies after --to 2019-01/],
    [['pipeline', '--subreddit', 'no/such'], /--subreddit got "no\/such"/],
    [['pipeline', '--subreddit'], /--subreddit/],
    [['pipeline'], /--input or --subreddit is missing/],
    [[...pipeline, '--temprature', '1'], /unknown option '--temprature'.*Did you mean --temperature\?/],
    [['pipelin', '--subreddit', 'askreddit'], /unknown command 'pipelin'.*Did you mean pipeline\?/],
    [[], /No command given/],
    [['generate'], /generate needs <run-folder>/],
    [['generate', 'runs/x', '--nsamples', '2.5'], /--nsamples got "2\.5"/],
  ];
  test.concurrent.each(cases)('%j', async (arguments_, pattern) => {
    expectOneLine(await runCli(arguments_, folder), 2, pattern);
  });
});

describe('help and version end with exit code 0', () => {
  test.concurrent.each([['--help'], ['--version'], ['pipeline', '--help'], ['generate', '--help']])(
    '%s %s',
    async (...arguments_) => {
      const finished = await runCli(
        arguments_.filter((argument) => argument !== undefined),
        folder,
      );
      expect(finished.code).toBe(0);
      expect(finished.output).not.toBe('');
      expect(finished.errors).toBe('');
    },
  );
});

describe('bad input ends with exit code 1', () => {
  const pipeline = ['pipeline', '--until', 'dataset'];
  const csv = (name: string): string[] => [...pipeline, '--source', 'csv', '--input', name];

  test.concurrent('a subreddit the sample does not hold', async () => {
    const finished = await runCli([...pipeline, '--source', 'sample', '--subreddit', 'askredit'], folder);
    expectOneLine(finished, 1, /askredit.*askreddit/i);
  });

  test.concurrent('no such file', async () => {
    expectOneLine(await runCli(csv('missing.csv'), folder), 1, /missing\.csv/);
  });

  test.concurrent('an empty CSV', async () => {
    expectOneLine(await runCli(csv(write('empty.csv', '')), folder), 1, /empty\.csv/);
  });

  test.concurrent('a CSV whose row 7 has an unclosed quote', async () => {
    const rows = [
      'title',
      ...Array.from({ length: 9 }, (_, row) => `${row === 6 ? '"' : ''}A title of row ${row + 1}`),
    ];
    const finished = await runCli(csv(write('quote.csv', rows.join('\n'))), folder);
    expectOneLine(finished, 1, /quote\.csv.*\b[78]\b/);
  });

  test.concurrent('a binary file', async () => {
    const bytes = Uint8Array.from({ length: 4096 }, (_, index) => (index * 151) % 256);
    expectOneLine(await runCli(csv(write('binary.csv', bytes)), folder), 1, /binary\.csv/);
  });

  test.concurrent('a runs folder that cannot be written', async () => {
    const file = write('a-file', '');
    const finished = await runCli(
      [...pipeline, '--subreddit', 'askreddit', '--runs-dir', `${file}/runs`],
      folder,
    );
    expectOneLine(finished, 1, /a-file/);
  });

  test.concurrent('a model that is neither cached nor to be fetched', async () => {
    const finished = await runCli(['pipeline', '--subreddit', 'askreddit', '--model', '124M'], folder);
    expectOneLine(finished, 1, /openai-community\/gpt2 is not in the cache, .* and HF_HUB_OFFLINE is set/);
  });

  test.concurrent('a folder that holds no model', async () => {
    const finished = await runCli(['pipeline', '--subreddit', 'askreddit', '--model', './'], folder);
    expectOneLine(finished, 1, /holds no model: there is no config\.json/);
  });

  test.concurrent('BigQuery without credentials', async () => {
    const finished = await runCli([...pipeline, '--source', 'bigquery', '--subreddit', 'askreddit'], folder);
    expectOneLine(finished, 1, /credentials/);
  });

  test.concurrent('too few titles, of which the dataset stage warns, as it does of documents', async () => {
    write('documents.txt', `${'A word of many. '.repeat(45)}\n`.repeat(3));
    const call = [...pipeline, '--until', 'report', '--input', 'documents.txt', '--model', 'nano'];
    const finished = await runCli([...call, '--run-name', 'documents'], folder);
    expectOneLine(finished, 1, /Too few titles fit the model to train it: /);
    expect(finished.errors).toMatch(/^source: csv \(--input names a text file of titles\)$/m);
    expect(finished.errors).toMatch(/^dataset +Warning: These texts have 719 characters in the mean/m);
    expect(finished.errors).toMatch(/^dataset +Warning: No model can be trained on these/m);
  });

  test.concurrent('a run folder of a newer format', async () => {
    mkdirSync(join(folder, 'newer/askreddit'), { recursive: true });
    write('newer/askreddit/run.json', JSON.stringify({ formatVersion: 2, titlesmithVersion: '9.9.9' }));
    const finished = await runCli([...pipeline, '--subreddit', 'askreddit', '--runs-dir', 'newer'], folder);
    expectOneLine(finished, 1, /format 2, written by titlesmith 9\.9\.9/);
  });

  test.concurrent('a run folder that is none', async () => {
    expectOneLine(await runCli(['report', 'nowhere'], folder), 1, /nowhere is no run/);
  });

  test.each([
    ['serve', 'untrained/run'],
    ['export', 'untrained/run', '--output', 'exported'],
  ])('%s of a run that was not trained', async (...words) => {
    const run = await RunFolder.openOrCreate(join(folder, 'untrained'), 'run', false, () => {});
    const call = { options: defaultOptions(), decisions: {} };
    const begun = { status: 'running', startedAt: '', fingerprint: '' } as const;
    await run.beginStage('extract', begun, call).finally(() => run.close());
    const pattern =
      /untrained\/run is a run without a model: it was not trained yet\. Run titlesmith pipeline/;
    expectOneLine(await runCli(words, folder), 1, pattern);
  });

  test.each(['info', 'serve'])('%s of a run that is being trained for the first time', async (command) => {
    const run = await RunFolder.openOrCreate(join(folder, `${command}-busy`), 'run', false, () => {});
    const call = { options: defaultOptions(), decisions: {} };
    await run.beginStage('extract', { status: 'running', startedAt: '', fingerprint: '' }, call);
    const pattern = /run is a run without a model: it was not trained yet\. Wait for the process/;
    try {
      expectOneLine(await runCli([command, `${command}-busy/run`], folder), 1, pattern);
    } finally {
      await run.close();
    }
  });
});

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();
/** Clears the screen, sets the window's title, turns text around; in the controls of C1 too. */
const hostile = 'a\u001b[2J\u001b]0;owned\u0007\u009b31m\u202eb';
const at = (...parts: string[]): string => [hostile, ...parts].join('/');

beforeAll(() => {
  mkdirSync(join(folder, hostile));
  const titles = Array.from({ length: 40 }, (_, index) => `A made-up title of the number ${index}`);
  writeFileSync(join(folder, at('titles.csv')), ['title', ...titles].join('\n'));
  writeFileSync(join(folder, at('batch.yaml')), `steps: \u001b[2J\n`);
  copyFileSync(join(folder, at('titles.csv')), join(folder, at('not.tar')));
});

const extract = ['pipeline', '--until', 'extract', '--run-name', 'run'];
const cases: readonly (readonly [string, readonly string[]])[] = [
  ['a run', [...extract, '--input', at('titles.csv'), '--runs-dir', at('runs')]],
  ['a run, as JSON', [...extract, '--input', at('titles.csv'), '--runs-dir', at('json'), '--json']],
  ['a file that is missing', [...extract, '--input', at('none.csv'), '--runs-dir', at('runs')]],
  ['a run that is missing', ['report', at('none')]],
  ['a run that is missing, as JSON', ['report', at('none'), '--json']],
  ['an archive that is none', ['import', at('not.tar'), '--runs-dir', at('runs')]],
  ['a batch file', ['batch', at('batch.yaml')]],
  ['a folder of shards', ['batch', 'merge', at('none')]],
  ['a model', ['serve', at('none')]],
  ['a command', [hostile]],
  ['an option', ['pipeline', `--${hostile}`]],
  ['a value', ['pipeline', '--subreddit', hostile]],
  ['an argument too many', ['report', 'one', hostile]],
];

test.concurrent.each(cases)('no escape sequence of %s reaches the terminal', async (_, words) => {
  const { output, errors } = await runCli([...words], folder);
  expect(`${output}${errors}`).not.toBe('');
  expect(`${output}${errors}`).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e]/u);
});

const refused: readonly (readonly [readonly string[], string])[] = [
  [['pipeline', '--json'], '--input or --subreddit is missing.'],
  [['pipeline', '--subreddit', 'aww', '--limit', '0', '--json'], '--limit got "0"'],
  [['pipeline', '--json', '--temprature', '1'], "unknown option '--temprature'."],
  [['pipelin', '--json'], "unknown command 'pipelin'."],
  [['report', '--json'], 'report needs <run-folder>.'],
];

test.concurrent.each(refused)('%j is refused as a line of JSON too', async (words, message) => {
  const { output, errors, code } = await runCli([...words], folder);
  expect(JSON.parse(output)).toMatchObject({ kind: 'error', code: 'usage', exitCode: 2 });
  expect(JSON.parse(output).message).toContain(message);
  expect(errors).toContain(message);
  expect(code).toBe(2);
});

test('--json as the value of an option, or after --, asks for no JSON', async () => {
  for (const words of [
    ['pipeline', '--prefix', '--json', '--limit', '0'],
    ['report', '--', 'a', '--json'],
  ])
    expect((await runCli(words, folder)).output).toBe('');
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseBatchFile } from '../../src/batch/batch-file.js';
import { stageCommand } from '../../src/cli/commands/stage.js';
import { withNamedRuns } from '../../src/cli/named-runs.js';
import { parseCommandLine } from '../../src/cli/parsing/command-line.js';
import { Terminal } from '../../src/cli/terminal.js';
import { TitlesmithError } from '../../src/common/errors.js';
import { nearestWord } from '../../src/common/nearest-word.js';

/** What a person who mistypes a line is told, in one line. */
function toldOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (!(error instanceof TitlesmithError)) throw error;
    expect(error.code).toBe('usage');
    return error.toLine();
  }
  throw new Error('nothing was told');
}

const told = (...words: string[]): string =>
  toldOf(() => {
    const request = parseCommandLine(words);
    if (request.command !== 'print') withNamedRuns(request);
  });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mistakes-'));
  for (const name of ['jokes.csv', 'run.tar.zst', 'notes.doc']) writeFileSync(join(folder, name), 'title\n');
  mkdirSync(join(folder, 'run'));
  writeFileSync(join(folder, 'run', 'run.json'), '{}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('two letters that are swapped are one mistake', () => {
  expect(nearestWord('stpes', ['steps', 'top-k'])).toBe('steps');
  expect(nearestWord('modle', ['model', 'mode', 'models'])).toBe('mode');
  expect(nearestWord('modle', ['model', 'nsamples'])).toBe('model');
  expect(nearestWord('abcd', ['dcba'])).toBeUndefined();
  expect(nearestWord('', ['a'])).toBeUndefined();
  expect(told('pipeline', '--stpes', '3')).toContain('Did you mean --steps?');
});

describe('a word that is out of place', () => {
  test('names a file of titles, or a subreddit', () => {
    expect(told('pipeline', 'jokes.csv')).toContain('titlesmith pipeline --input jokes.csv');
    expect(told('pipeline', 'my jokes.csv')).toContain('--input "my jokes.csv"');
    expect(told('pipeline', 'askreddit')).toContain('--subreddit askreddit');
  });

  test.each(['finetune', 'dedupe', 'report', 'show', 'review', 'plot', 'compare', 'prune'])(
    'names a file where %s takes a run',
    (command) => {
      const jokes = join(folder, 'jokes.csv');
      expect(told(command, jokes)).toMatch(
        /is a file, not a run\. titlesmith pipeline --input \S+jokes\.csv /,
      );
      expect(told(command, join(folder, 'run/run.json'))).toContain(
        `Name its folder: ${join(folder, 'run')}.`,
      );
      expect(told(command, join(folder, 'run.tar.zst'))).toContain('titlesmith import ');
      expect(told(command, join(folder, 'notes.doc'))).toContain('titlesmith list');
    },
  );

  test.each(['generate', 'serve', 'info'])('names a file where %s takes a model', (command) => {
    expect(told(command, join(folder, 'jokes.csv'))).toContain(
      'is a file, not a model. titlesmith pipeline --input',
    );
  });
});

describe('a word that names nothing', () => {
  test.each([
    ['generate'],
    ['show'],
    ['import'],
    ['list'],
    ['communities'],
    ['batch', 'merge'],
    ['score', 'base'],
    ['plot', 'a'],
  ])('is refused by %s', (...words) => {
    expect(told(...words, '')).toMatch(/ got "" as <\w.*>, which names nothing\. See titlesmith /);
    expect(told(...words, 'a'.repeat(5000))).toMatch(
      / got "a{20,300}…" as <.*>, which has 5000 characters, more than 4096\./,
    );
  });
});

test('what is kept nowhere is not written anew', async () => {
  const terminal = new Terminal({
    json: false,
    output: process.stdout,
    errors: process.stderr,
    color: false,
  });
  await expect(stageCommand('generate', 'base', { overwrite: true }, terminal)).rejects.toThrow(
    '--overwrite is for runs, but base is a model',
  );
});

test('Python\u2019s True and False are taken', () => {
  const line = (value: string) => parseCommandLine(['generate', 'a', '--include-prefix', value]);
  expect(line('False')).toEqual(line('false'));
  expect(line('True')).toEqual(line('true'));
  expect(told('generate', 'a', '--include-prefix', 'Falsch')).toContain('neither true nor false');
});

test('the words to choose several from are listed once', () => {
  expect(told('plot', 'a', '--plots', 'losses,foo')).toContain(
    '--plots got "losses,foo", which is not one or several of losses, copies, learning-rate, ratings, title-losses, each once, with commas between.',
  );
});

describe('a batch file', () => {
  test.each([
    [
      'modle: 124M\nsubreddits: [jokes]',
      'b.yaml:1: "modle" is no setting of a batch. Did you mean model, below options:?',
    ],
    ['subreddits: [jokes]\noptions:\n  stpes: 3', 'b.yaml:3: "stpes" is no option. Did you mean steps?'],
    ['subreddits:\n\t- jokes', 'b.yaml:2: this line begins with a tab.'],
    ['options:\n  steps: 4\n  steps: 5', 'b.yaml:3: this key stands here a second time.'],
    ['subreddits:\n - jokes\n- news', 'b.yaml:3: this line is indented otherwise'],
    [
      'options:\n  prefix: Why: me',
      'b.yaml:2: this line is indented otherwise than those before it, or has a second colon.',
    ],
    [
      'subreddits: [jokes\noptions: {}',
      'b.yaml:2: this line is indented otherwise than those it belongs to, or a bracket',
    ],
    ['subreddits: "jokes', 'b.yaml:1: a quote, a bracket'],
    ['subreddits', 'b.yaml holds no settings.'],
  ])('%j is told by its line', (text, says) => {
    expect(toldOf(() => parseBatchFile(text, 'b.yaml'))).toContain(says);
  });
});

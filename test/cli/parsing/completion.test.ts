import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCommandLine } from '../../../src/cli/parsing/command-line.js';
import { packageRoot } from '../../../src/io/package-root.js';
import { shellWord } from '../../programs.js';

const program = join(packageRoot, 'dist/cli.js');
let folder: string;
let environment: NodeJS.ProcessEnv;

/** A folder with runs, a file, and a program `titlesmith` on the path. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'completion-'));
  for (const name of ['alpha', 'beta', 'two words', 'a:colon', '$(touch made)', 'line\nbreak']) {
    mkdirSync(join(folder, 'runs', name), { recursive: true });
    writeFileSync(join(folder, 'runs', name, 'run.json'), '{}');
  }
  mkdirSync(join(folder, 'runs', 'alone'));
  writeFileSync(join(folder, 'jokes.csv'), 'title\n');
  const command = join(folder, 'bin', 'titlesmith');
  mkdirSync(join(folder, 'bin'));
  writeFileSync(command, `#!/bin/sh\nexec ${shellWord(process.execPath)} ${shellWord(program)} "$@"\n`);
  chmodSync(command, 0o755);
  environment = {
    ...process.env,
    PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
    TERM: 'dumb',
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function printed(words: readonly string[]): string {
  const request = parseCommandLine(words);
  if (request.command !== 'print') throw new Error(`${words.join(' ')} asks for ${request.command}`);
  return request.text;
}

function refusal(...words: string[]): string {
  try {
    parseCommandLine(words);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`${words.join(' ')} was taken`);
}

/** What a shell does in the folder; undefined where it is not installed. */
function shell(name: string, words: readonly string[]): string | undefined {
  const options = { cwd: folder, env: environment, encoding: 'utf8', timeout: 60_000 } as const;
  const { error, stdout, stderr } = spawnSync(name, words, options);
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
  expect(stderr).toBe('');
  return stdout;
}

describe('what may follow', () => {
  const complete = (...words: string[]): string[] =>
    printed(['--get-yargs-completions', 'titlesmith', ...words])
      .split('\n')
      .map((line) => line.replace(/:.*/, ''));

  test('commands, options and the words to choose from', () => {
    expect(complete('')).toEqual(expect.arrayContaining(['pipeline', 'batch', 'completion']));
    expect(complete('generate', '--')).toContain('--nsamples');
    expect(complete('generate', '--')).not.toContain('--steps');
    expect(complete('batch', 'merge', '--').sort()).toEqual(['--help', '--json']);
    expect(complete('pipeline', '--source', '')).toEqual(['auto', 'bigquery', 'duckdb', 'csv', 'sample']);
    expect(complete('pipeline', '--limit', 'wrong', '--')).toContain('--until');
    expect(complete('completion', '--shell', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  test('models behind --model, also where bash takes its equals sign for a word', () => {
    for (const words of [
      ['pipeline', '--model', ''],
      ['finetune', 'x', '--model', '=', '1'],
    ])
      expect(complete(...words)).toEqual(expect.arrayContaining(['base', '124M', 'smollm2', 'nano']));
  });

  test('nothing where only files can follow, and no complaint', () => {
    for (const words of [
      ['pipeline', '--input', ''],
      ['pipeline', '--input', 'a.csv', ''],
      ['score', '124M', ''],
      ['import', ''],
    ])
      expect(complete(...words)).toEqual(['']);
  });
});

describe('a script', () => {
  test('is that of the shell that is named, in both ways', () => {
    for (const name of ['bash', 'zsh', 'fish']) {
      expect(printed(['completion', '--shell', name])).toBe(printed(['completion', name]));
      expect(printed(['completion', `--shell=${name}`])).toBe(printed(['completion', name]));
    }
    for (const words of [
      ['completion', '--help'],
      ['help', 'completion'],
    ])
      expect(printed(words)).toMatch(
        /^titlesmith completion \[shell\]\n[\s\S]*titlesmith completion zsh >> /,
      );
  });

  test('is not made up for another shell', () => {
    expect(refusal('completion', 'tcsh')).toContain('"tcsh"');
    expect(refusal('completion', '--shell')).toContain('--shell needs a value');
    expect(refusal('completion', 'bash', 'zsh')).toContain('one argument too many');
    expect(refusal('completion', '--shel', 'zsh')).toContain('one argument too many');
  });

  test('completes in bash: runs, models, and files where there is nothing else', ({ skip }) => {
    const ask = (line: string, words: string): string =>
      `COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _titlesmith_completions; echo "${line}: \${COMPREPLY[*]}"`;
    const asked = [
      'source <(titlesmith completion bash)',
      ask('all', "titlesmith show ''"),
      ask('one', 'titlesmith plot alpha be'),
      ask('model', 'titlesmith pipeline --model smo'),
      ask('file', 'titlesmith pipeline --input jo'),
      'complete -p titlesmith',
    ];
    const lines = shell('bash', ['--norc', '-c', asked.join('\n')])?.split('\n');
    if (lines === undefined) return skip('bash is not installed');
    expect(lines).toEqual([
      String.raw`all: \$\(touch\ made\) a:colon alpha beta two\ words`,
      'one: beta',
      'model: smollm2 smollm2-360M',
      'file: ',
      'complete -o bashdefault -o default -F _titlesmith_completions titlesmith',
      '',
    ]);
  });

  test('completes in zsh, in a terminal', ({ skip }) => {
    const script = [
      'zmodload zsh/zpty',
      'press() { zpty -n -w shell "$1" }',
      'await() { zpty -r shell seen "$1" || exit 1 }',
      `zpty shell "PS1='READY>' COLUMNS=200 zsh -f -i"`,
      `zpty -w shell "autoload -Uz compinit; compinit -u -D; source =(titlesmith completion zsh); echo LOA''DED"`,
      "await '*LOADED*READY>*'",
      ...[
        ['show al', 'show alpha '],
        ['compare alpha two', String.raw`compare alpha two\\ words `],
        ['serve a:', 'serve a:colon '],
        ['generate smollm2-', 'generate smollm2-360M '],
        ['score alpha jo', 'score alpha jokes.csv '],
      ].map(([typed, whole]) => `press $'\\x15titlesmith ${typed}\\t'; await '*titlesmith ${whole}*'`),
      'echo all completed; zpty -d shell',
    ];
    const output = shell('zsh', ['-f', '-c', script.join('\n')]);
    if (output === undefined) return skip('zsh is not installed');
    expect(output).toBe('all completed\n');
  });

  test('completes in fish', ({ skip }) => {
    const asked = ['generate --nsam', 'merg', 'show al', 'generate two', 'pipeline --model smollm2-'];
    const script = [
      'titlesmith completion fish | source',
      ...asked.map((line) => `complete -C "titlesmith ${line}"`),
    ];
    const output = shell('fish', ['--no-config', '-c', script.join('\n')]);
    if (output === undefined) return skip('fish is not installed');
    const words = output
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    expect(words).toEqual(['--nsamples', 'alpha', 'two words', 'smollm2-360M']);
  });
});

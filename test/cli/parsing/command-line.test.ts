import { describe, expect, test } from 'vitest';
import { parseCommandLine } from '../../../src/cli/parsing/command-line.js';
import { commandTable } from '../../../src/cli/parsing/command-table.js';
import { TitlesmithError } from '../../../src/common/errors.js';
import { rowsOfCommand } from '../../../src/options/option-table.js';
import { flagOf, usageOf } from '../../../src/options/option-values.js';
import { replacedOptions } from '../../../src/options/table/training.js';

/** The words of a command line as a shell splits it, which here has but plain words and double quotes. */
function split(line: string): string[] {
  return (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
}

function refusal(words: readonly string[]): string {
  try {
    parseCommandLine(words);
  } catch (error) {
    if (!(error instanceof TitlesmithError)) throw error;
    expect(error.code).toBe('usage');
    return error.toLine();
  }
  throw new Error(`${words.join(' ')} was taken`);
}

function printed(words: readonly string[]): string {
  const request = parseCommandLine(words);
  if (request.command !== 'print') throw new Error(`${words.join(' ')} asks for ${request.command}`);
  return request.text;
}

test.each([
  ['--version'],
  ['-V'],
  ['pipeline', '--version'],
  ['pipeline', '--prefix', 'x', '-V'],
  ['batch', 'merge', '--version'],
])('%s asks for the version', (...words) => {
  expect(printed(words)).toMatch(/^\d+\.\d+\.\d+$/);
});

test('a value is not taken for a flag that asks for the version', () => {
  expect(parseCommandLine(['pipeline', '--prefix', '--version'])).toEqual({
    command: 'pipeline',
    options: { prefix: '--version' },
  });
});

test('underscores in the name of an option are hyphens, and those of its value stay', () => {
  expect(parseCommandLine(['generate', 'a', '--top_k', '40', '--top_p=0.9', '--prefix', '--top_k'])).toEqual(
    parseCommandLine(['generate', 'a', '--top-k', '40', '--top-p=0.9', '--prefix', '--top_k']),
  );
});

describe('a command line is understood', () => {
  const cases: [string[], unknown][] = [
    [['devices'], { command: 'devices', options: {} }],
    [
      ['pipeline', '--subreddit', 'r/Jokes', 'news', '--json', '--subreddit', 'pics'],
      { command: 'pipeline', options: { subreddit: ['jokes', 'news', 'pics'], json: true } },
    ],
    [
      ['pipeline', '--subreddit', 'aww', 'help'],
      { command: 'pipeline', options: { subreddit: ['aww', 'help'] } },
    ],
    [
      ['pipeline', '--subreddit=aww', 'pics'],
      { command: 'pipeline', options: { subreddit: ['aww', 'pics'] } },
    ],
    [['pipeline', '--input', "'x'", '-1'], { command: 'pipeline', options: { input: ["'x'", '-1'] } }],
    [['pipeline', "--input='x'"], { command: 'pipeline', options: { input: ["'x'"] } }],
    [['pipeline', '--input=-x', '--input="y"'], { command: 'pipeline', options: { input: ['-x', '"y"'] } }],
    [['pipeline', '--prefix', '"why"'], { command: 'pipeline', options: { prefix: '"why"' } }],
    [['pipeline', '--prefix="why"'], { command: 'pipeline', options: { prefix: '"why"' } }],
    [['pipeline', '--prefix', '-- 1'], { command: 'pipeline', options: { prefix: '-- 1' } }],
    [['pipeline', '--prefix', '--json'], { command: 'pipeline', options: { prefix: '--json' } }],
    [['pipeline', '--prefix', '--help'], { command: 'pipeline', options: { prefix: '--help' } }],
    [['pipeline', '--prefix', '--'], { command: 'pipeline', options: { prefix: '--' } }],
    [['pipeline', '--prefix='], { command: 'pipeline', options: { prefix: '' } }],
    [['pipeline', '--prefix', 'a=b\nc'], { command: 'pipeline', options: { prefix: 'a=b\nc' } }],
    [['pipeline', '--prefix', '1.0'], { command: 'pipeline', options: { prefix: '1.0' } }],
    [
      ['pipeline', '--temperature', '1', '--temperature', '.5'],
      { command: 'pipeline', options: { temperature: 0.5 } },
    ],
    [['pipeline', '--epochs', '3'], { command: 'pipeline', options: { maxEpochs: 3 } }],
    [['pipeline', '--use-memory-saving-gradients'], { command: 'pipeline', options: { recompute: true } }],
    [
      ['finetune', 'runs/x', '--no-recompute'],
      { command: 'finetune', folder: 'runs/x', options: { recompute: false } },
    ],
    [
      ['finetune', 'runs/x', '--batch-size', '8'],
      { command: 'finetune', folder: 'runs/x', options: { batchSize: 8 } },
    ],
    [
      ['generate', 'runs/x', '--batch-size', '8'],
      { command: 'generate', folder: 'runs/x', options: { slots: 8 } },
    ],
    [['generate', '--nsamples', '5', '7'], { command: 'generate', folder: '7', options: { nsamples: 5 } }],
    [['generate', '--', '-x'], { command: 'generate', folder: '-x', options: {} }],
    [['export', 'a', 'b'], { command: 'archive', folder: 'a', to: 'b', options: {} }],
    [['export', 'a', '--output', 'o'], { command: 'export', model: 'a', options: { output: 'o' } }],
    [
      ['batch', 'f.yaml', '--resume', '--memory', '1.5GiB', '--deadline', '90m'],
      { command: 'batch', file: 'f.yaml', options: { resume: true, memory: 1.5 * 2 ** 30, deadline: 5400 } },
    ],
    [
      ['batch', 'merge', 'gs://b/f', '--json'],
      { command: 'merge', place: 'gs://b/f', options: { json: true } },
    ],
    [
      ['batch', 'compare', 'a', 'b', '--page', 'c.html'],
      { command: 'compareBatches', before: 'a', after: 'b', options: { page: 'c.html' } },
    ],
  ];
  test.each(cases)('%j', (words, request) => {
    expect(parseCommandLine(words)).toEqual(request);
  });

  const examples = Object.entries(commandTable).flatMap(([command, { examples }]) =>
    examples.map(([, line]) => [line, command] as const),
  );
  test.each(examples)('of the help: %s', (line, command) => {
    const [program, ...words] = split(line);
    expect(program).toBe('titlesmith');
    const request = parseCommandLine(words).command;
    expect(request === 'archive' ? 'export' : request).toBe(command);
    expect(line.length).toBeLessThanOrEqual(78);
  });
});

describe('a wrong command line is refused in one line', () => {
  const cases: [string[], string][] = [
    [['pipelin', '--subreddit', 'x'], "unknown command 'pipelin'. Did you mean pipeline?"],
    [['nosuch'], "unknown command 'nosuch'. See titlesmith --help."],
    [['help', 'nosuch'], "unknown command 'nosuch'. See titlesmith --help."],
    [['merge', 'x'], "unknown command 'merge'. Did you mean batch merge?"],
    [['--json'], "unknown option '--json'. See titlesmith --help."],
    [['pipeline', '--temprature=1'], "unknown option '--temprature=1'. Did you mean --temperature?"],
    [['pipeline', '-temperature', '1'], "unknown option '-temperature'. Did you mean --temperature?"],
    [['pipeline', '--topK', '1'], "unknown option '--topK'. Did you mean --top-k?"],
    [['pipeline', '--epoch', '1'], "unknown option '--epoch'. Did you mean --epochs?"],
    [['pipeline', '-x'], "unknown option '-x'. See titlesmith pipeline --help."],
    [['pipeline', '--constructor', '1'], "unknown option '--constructor'. See titlesmith pipeline --help."],
    [['pipeline', '--a.b', '1'], "unknown option '--a.b'. See titlesmith pipeline --help."],
    [['pipeline', '--no-nothing'], "unknown option '--no-nothing'. See titlesmith pipeline --help."],
    [['pipeline', '--no-limit'], '--no-limit is no option: --limit takes a value.'],
    [['pipeline', '--overwrite=maybe'], '--overwrite takes no value. See titlesmith pipeline --help.'],
    [['pipeline', '--limit'], '--limit needs a value: --limit <count>.'],
    [
      ['pipeline', '--input', '-x'],
      '--input needs a value: --input <path...>. One that begins with a hyphen is written --input=VALUE.',
    ],
    [['pipeline', '--limit', '1', '2'], '"2" is one argument too many. See titlesmith pipeline --help.'],
    [['pipeline', '--limit', '-1'], '--limit got "-1", which is not a whole number from 1 to 10000000.'],
    [
      ['pipeline', '--limit', '', '--nosuch'],
      '--limit got "", which is not a whole number from 1 to 10000000.',
    ],
    [['pipeline', '--subreddit', 'aww', '-b'], "unknown option '-b'. See titlesmith pipeline --help."],
    [
      ['pipeline', '--prefix', 'a', '--prefix-file', 'b'],
      '--prefix and --prefix-file are given, but only one of them can be. See titlesmith pipeline --help.',
    ],
    [['generate'], 'generate needs <run-folder>. See titlesmith generate --help.'],
    [['generate', 'a', 'b'], '"b" is one argument too many. See titlesmith generate --help.'],
    [['generate', '--run-folder', 'a'], "unknown option '--run-folder'. See titlesmith generate --help."],
    [['generate', 'a', '--epochs', '1'], '--epochs is no option of generate, but of pipeline, finetune.'],
    [['dedupe', 'a', '--seed', '1'], '--seed is no option of dedupe, but of pipeline, finetune, generate.'],
    [
      ['generate', 'a', '--run_name', 'x'],
      '--run-name is no option of generate, but of pipeline, import. Name the run itself: titlesmith generate NAME.',
    ],
    [
      ['generate', 'a', '--output', 'out.txt'],
      '--output is no option of generate, but of plot, export. What it prints goes into a file with > FILE at the end of the line.',
    ],
    [
      ['train', 'a.csv'],
      "unknown command 'train'. Did you mean pipeline, or finetune for a run that is there?",
    ],
    [['download', '124M'], "unknown command 'download'. Did you mean models?"],
    [
      ['--input', 'a.csv', 'pipeline', '--limit', '5'],
      '--input takes all words after it, pipeline among them. Put the command first: titlesmith pipeline --input …',
    ],
    [['batch', 'merge'], 'batch merge needs <place>. See titlesmith batch merge --help.'],
    [['batch', 'merge', 'a', '--jobs', '2'], '--jobs is no option of batch merge, but of batch.'],
    [['export', 'a'], 'export needs either an archive to write the run to, or --output for its model.'],
    [['review', 'a', '--port', '0'], '--port got "0", which is not a whole number from 1 to 65535.'],
  ];
  test.each(cases)('%j', (words, line) => {
    expect(refusal(words)).toBe(line);
  });

  test.each(Object.keys(replacedOptions))('%s, of gpt-2-simple alone', (flag) => {
    expect(refusal(['finetune', 'runs/x', flag, '1'])).toContain(
      `${flag} is an option of gpt-2-simple alone: `,
    );
    const argument = `--${flag.slice(2).replaceAll('-', '_')}`;
    expect(refusal(['generate', 'runs/x', argument, '1'])).toContain(
      `${argument} is an option of gpt-2-simple alone: `,
    );
  });
});

describe('help', () => {
  const commands = Object.entries(commandTable).map(([name, command]) => ({ name, ...command }));

  test.each(commands)('of $words has its arguments, options and examples, in 80 columns', (command) => {
    const help = printed([...command.words.split(' '), '--help']);
    const lines = help.split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    const text = lines.map((line) => line.trim()).join(' ');
    for (const argument of command.arguments) expect(text).toContain(argument.name);
    for (const [name, row] of Object.entries(rowsOfCommand(command.name as keyof typeof commandTable))) {
      expect(text).toContain(flagOf(row.flag ?? name));
      if (row.argument !== undefined && row.argument.length < 20) expect(text).toContain(usageOf(name, row));
    }
    for (const [, line] of command.examples) expect(text).toContain(line);
  });

  test('is the same by -h and by help', () => {
    const help = printed(['report', '--help']);
    expect(printed(['report', '-h'])).toBe(help);
    expect(printed(['help', 'report'])).toBe(help);
    expect(printed(['report', 'runs/x', '--json', '--help'])).toBe(help);
    expect(printed(['-h'])).toBe(printed(['help']));
  });

  test('lists the commands, also where none is given', () => {
    const help = printed(['--help']);
    for (const { words } of commands) if (!words.includes(' ')) expect(help).toContain(`titlesmith ${words}`);
    const request = parseCommandLine([]);
    expect(request).toMatchObject({ command: 'print', text: help, error: { code: 'usage' } });
  });
});

test('no line of help is wider than 78 columns', () => {
  const pages = Object.values(commandTable).map(({ words }) => printed([...words.split(' '), '--help']));
  for (const page of [printed(['--help']), printed(['completion', '--help']), ...pages])
    expect(page.split('\n').filter((line) => line.length > 78)).toEqual([]);
});

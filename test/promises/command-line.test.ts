import { onTestFinished, test, vi } from 'vitest';
import { excludedOptions } from '../../src/batch/batch-file.js';
import { exitCodes } from '../../src/cli/exit-codes.js';
import { parseCommandLine } from '../../src/cli/parsing/command-line.js';
import { namesOf, optionsOfCommand } from '../../src/cli/parsing/command-options.js';
import { commandTable } from '../../src/cli/parsing/command-table.js';
import { commandNames } from '../../src/options/choices.js';
import { optionTable } from '../../src/options/option-table.js';
import { keyOf } from '../../src/options/option-values.js';
import { batchSettings } from '../../src/options/table/batch.js';
import { expectPromised } from './recorded.js';

/** What stands behind an option: its words, or what form its value has; whether it takes several, and what it excludes. */
function* valuesOf(row: ReturnType<typeof optionsOfCommand>[number]['row']): Generator<string> {
  yield `: ${row.list ? 'several of ' : ''}${row.type}`;
  if (row.type === 'choice' || row.type === 'choices') yield* row.choices.map((word) => ` ${word}`);
  if ('or' in row && row.or !== undefined) yield ` ${row.or}`;
}

function* commandLines(): Generator<string> {
  for (const command of commandNames) {
    const { words, arguments: places } = commandTable[command];
    const shown = places.map(
      ({ optional, several }) => `${optional ? '[argument]' : 'argument'}${several ? '…' : ''}`,
    );
    yield ['titlesmith', words, ...shown].join(' ');
    for (const option of optionsOfCommand(command)) {
      for (const name of namesOf(option)) {
        for (const value of valuesOf(option.row)) yield `titlesmith ${words} --${name}${value}`;
      }
    }
  }
  for (const [name, row] of Object.entries({ ...optionTable, ...batchSettings }))
    if (!(name in excludedOptions)) yield `batch file: ${keyOf(name)}: ${row.type}`;
  for (const [name, code] of Object.entries(exitCodes)) yield `exit code ${code}: ${name}`;
}

/** Words that the table does not hold, each asked for as a person would. */
function* printed(): Generator<string> {
  for (const words of [
    '--help',
    '-h',
    'help',
    '--version',
    '-v',
    '-V',
    'completion',
    'list --help',
    'list -h',
  ]) {
    const { command } = parseCommandLine(words.split(' '));
    if (command === 'print') yield `titlesmith ${words}`;
  }
}

test('commands, options, their values, aliases and exit codes are those that were promised', () => {
  // `completion` by itself asks for the person's shell, which a scheduler's environment does not name.
  vi.stubEnv('SHELL', '/bin/bash');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  expectPromised('command-line', [...commandLines(), ...printed()]);
});

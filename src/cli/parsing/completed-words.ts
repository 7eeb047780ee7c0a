import { baseName } from '../../model/weights/base-model.js';
import { publishedModels } from '../../model/weights/published-models.js';
import type { CommandName } from '../../options/choices.js';
import { commandNames } from '../../options/choices.js';
import { runNames } from '../../pipeline/run/named-run.js';
import { namesOf, optionsOfCommand } from './command-options.js';
import { commandTable } from './command-table.js';
import { shellNames } from './completion-scripts.js';

const modelNames = (): readonly string[] => [baseName, ...publishedModels.map(({ name }) => name)];

const wordsOf = {
  runs: runNames,
  models: (): readonly string[] => [...runNames(), ...modelNames()],
} as const;

/** What stands for the value of an option that is no choice. */
const wordsOfOption: Readonly<Record<string, () => readonly string[]>> = {
  model: () => ['auto', 'nano', 'scratch', ...modelNames(), ...runNames()],
  restoreFrom: () => ['latest', 'fresh', ...runNames()],
  runName: runNames,
};

/**
 * What may stand in the place of the last word of a command line that is being typed: names of runs and models, words to choose from;
 * nothing where only a file can. Undefined where a command or an option is due, which yargs knows.
 * @param typed the words behind the program's name; the last is the one at hand, and may be empty.
 */
export function completedWords(typed: readonly string[]): readonly string[] | undefined {
  const current = typed.at(-1) ?? '';
  // Bash takes the equals sign of --model=NAME for a word of its own.
  const before = typed.slice(0, -1).filter((word, index) => word !== '=' || index === 0);
  if (before[0] === 'completion') return completionOf(before, current);
  const command = commandOf(before);
  if (command === undefined) return undefined;
  const { words, arguments: positionals } = commandTable[command];
  const options = optionsOfCommand(command);
  const optionAt = (word: string | undefined) =>
    options.find((option) => namesOf(option).some((name) => `--${name}` === word));
  let places = 0;
  let list: (typeof options)[number] | undefined;
  let awaited: (typeof options)[number] | undefined;
  for (const word of before.slice(words.split(' ').length)) {
    const option = optionAt(word);
    if (awaited !== undefined) awaited = undefined;
    else if (word.startsWith('-')) {
      awaited = option?.row.type === 'switch' || option?.row.list ? undefined : option;
      list = option?.row.list ? option : undefined;
    } else if (list === undefined) places += 1;
  }
  const option = awaited ?? (current.startsWith('-') ? undefined : list);
  if (option !== undefined) return valuesOf(option);
  if (current.startsWith('-')) return undefined;
  if (command === 'batch' && places === 0) return ['merge', 'compare'];
  const last = positionals.at(-1);
  const place = positionals[places] ?? (last?.several ? last : undefined);
  if (place === undefined) return undefined;
  return place.completedBy === undefined ? [] : wordsOf[place.completedBy]();
}

function commandOf(words: readonly string[]): CommandName | undefined {
  const named = (name: CommandName): boolean =>
    `${words.join(' ')} `.startsWith(`${commandTable[name].words} `);
  // The longest, as `batch merge` begins with another command.
  return commandNames
    .filter(named)
    .sort((a, b) => commandTable[b].words.length - commandTable[a].words.length)[0];
}

function valuesOf({ name, row }: ReturnType<typeof optionsOfCommand>[number]): readonly string[] {
  if (row.type === 'choice' || row.type === 'choices') return row.choices;
  if (row.type === 'boolean') return ['true', 'false', ...(row.or === undefined ? [] : [row.or])];
  return wordsOfOption[name]?.() ?? [];
}

function completionOf(before: readonly string[], current: string): readonly string[] {
  const isNamed = before.length > 1 && before.at(-1) !== '--shell';
  if (isNamed) return [];
  return current.startsWith('-') ? ['--shell', '--help'] : shellNames;
}

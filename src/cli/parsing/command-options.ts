import type { Argv } from 'yargs';
import { usageError } from '../../common/errors.js';
import { type CommandName, commandNames } from '../../options/choices.js';
import { type OptionRow, optionGroups } from '../../options/option-row.js';
import { type OptionName, rowsOfCommand } from '../../options/option-table.js';
import { defaultInWords, flagOf, keyOf, readOption, usageOf } from '../../options/option-values.js';
import { readBiasesFile } from './biases-file.js';
import { commandTable, type GivenOptions } from './command-table.js';

/** An option of a command. */
interface CommandOption {
  readonly name: string;
  readonly row: OptionRow;
  /** Its name on the command line, without dashes: `learning-rate`. */
  readonly key: string;
  /** Further names of that form. */
  readonly aliases: readonly string[];
}

/** The options of a command, from the rows that list it, sorted by group. */
export function optionsOfCommand(command: CommandName): readonly CommandOption[] {
  const options = Object.entries(rowsOfCommand(command)).map(([name, row]) => {
    const aliases = [row.alias, commandTable[command].aliases?.[name as OptionName]];
    return {
      name,
      row,
      key: keyOf(row.flag ?? name),
      aliases: aliases.flatMap((alias) => (alias === undefined ? [] : [keyOf(alias)])),
    };
  });
  return optionGroups.flatMap((group) => options.filter(({ row }) => row.group === group));
}

/** All names of an option. */
export const namesOf = ({ key, aliases }: CommandOption): readonly string[] => [key, ...aliases];

/** Declares an option for yargs' help only, not for parsing. */
export function describeOption(parser: Argv, { name, row }: CommandOption, command: CommandName): void {
  const own = row.inCommand?.[command];
  const byDefault = own?.defaultInWords ?? (own ? undefined : defaultInWords(row));
  const help = own?.help ?? row.help;
  const describe = byDefault === undefined ? help : `${help} (default: ${byDefault})`;
  // yargs' help shows only an option's name, so the name of its value is appended to it.
  parser.option(usageOf(name, row).slice(2), { group: `${row.group}:`, describe, global: false });
}

/**
 * Declares an option for yargs' parser.
 * @param coerce converts yargs' value to the option's value.
 */
export function addOption(
  parser: Argv,
  { key, row, aliases }: CommandOption,
  coerce: (input: unknown) => unknown,
): void {
  const isSwitch = row.type === 'switch';
  parser.option(key, {
    type: isSwitch ? 'boolean' : 'string',
    // Exactly one value, whatever it begins with; for a list, all that follow.
    ...(row.list ? { array: true } : { nargs: isSwitch ? 0 : 1 }),
    describe: row.help,
    global: false,
    ...(row.type === 'choice' ? { choices: row.choices } : {}),
    ...(aliases.length > 0 ? { alias: aliases } : {}),
    conflicts: row.conflicts?.map(keyOf) ?? [],
    coerce,
  });
}

/** Reads the value or values that yargs parsed for an option. @throws TitlesmithError naming flag, value and rule. */
export function readOptionValue({ name, key, row }: CommandOption, input: unknown): unknown {
  if (row.type === 'switch') return input;
  const flag = flagOf(row.flag ?? name);
  const values: readonly unknown[] = [input].flat();
  // yargs parses --no-NAME as false.
  if (values.includes(false)) throw usageError(`--no-${key} is no option: ${flag} takes a value.`);
  if (values.length === 0 || values.includes(undefined)) {
    const hint = row.list ? `One that begins with a hyphen is written ${flag}=VALUE.` : undefined;
    throw usageError(`${flag} needs a value: ${usageOf(name, row)}.`, hint);
  }
  if (row.list) return values.map((value) => readOption(flag, row, value));
  const value = values.at(-1);
  const isFile = row.type === 'tokenBiases' && typeof value === 'string' && value.startsWith('@');
  return readOption(flag, row, isFile ? readBiasesFile(flag, value.slice(1)) : value);
}

/** The given values by option name. */
export function givenOptions(command: CommandName, parsed: Readonly<Record<string, unknown>>): GivenOptions {
  const given = optionsOfCommand(command).map(({ name, key }) => [name, parsed[key]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as GivenOptions;
}

/** Commands, as typed, that take an option of that name. */
export function commandsWithOption(key: string): readonly string[] {
  const takes = (command: CommandName): boolean =>
    optionsOfCommand(command).some((option) => namesOf(option).includes(key));
  return commandNames.filter(takes).map((command) => commandTable[command].words);
}

/** Whether a word is a flag, of any command, whose value is the next word. */
export function takesNextWord(word: string | undefined): boolean {
  return word !== undefined && valueFlags.has(word);
}

const allOptions = commandNames.flatMap(optionsOfCommand);
const listKeys = new Set(allOptions.filter(({ row }) => row.list).flatMap(namesOf));
const valueFlags = new Set(
  allOptions
    .filter(({ row }) => row.type !== 'switch' && !row.list)
    .flatMap(namesOf)
    .filter((name) => !listKeys.has(name))
    .map((name) => `--${name}`),
);

/** yargs strips one pair of quotes from list values after an equals sign, so another pair is added. */
export function protectQuotes(word: string): string {
  const [, key = '', value = ''] = /^--([^=]+)=(["'][\s\S]*)$/.exec(word) ?? [];
  return listKeys.has(key) ? `--${key}="${value}"` : word;
}

const optionNames = new Set(allOptions.flatMap(namesOf));

/** The words with hyphens in the names of options, which gpt-2-simple spells with underscores; values stay. */
export function hyphenateOptions(words: readonly string[]): string[] {
  const hyphenated: string[] = [];
  let ended = false;
  for (const word of words) {
    const isValue: boolean = ended || takesNextWord(hyphenated.at(-1));
    ended ||= word === '--' && !isValue;
    const [flag = ''] = word.split('=', 1);
    const name = flag.slice(2).replaceAll('_', '-');
    const isOption = !isValue && flag.startsWith('--') && optionNames.has(name.replace(/^no-/, ''));
    hyphenated.push(isOption ? `--${name}${word.slice(flag.length)}` : word);
  }
  return hyphenated;
}

/** Writes a lone hyphen among the values of a list, which yargs takes for no value, with the list's flag. */
export function joinHyphens(words: readonly string[]): string[] {
  const joined: string[] = [];
  let list: string | undefined;
  for (const word of words) {
    if (word.startsWith('--')) {
      const [flag = ''] = word.split('=', 1);
      list = listKeys.has(flag.slice(2)) ? flag : undefined;
    }
    if (word !== '-' || list === undefined) joined.push(word);
    else if (joined.at(-1) === list) joined[joined.length - 1] = `${list}=-`;
    else joined.push(`${list}=-`);
  }
  return joined;
}

/**
 * An option that stands before the command and takes several values, so that it takes the command for one of them;
 * undefined where the command stands first, or behind other options.
 */
export function listBeforeCommand(
  words: readonly string[],
  commands: ReadonlySet<string>,
): { readonly flag: string; readonly command: string } | undefined {
  if (!words[0]?.startsWith('-')) return undefined;
  const at = words.findIndex((word, index) => commands.has(word) && !takesNextWord(words[index - 1]));
  const flag = words.slice(0, Math.max(at, 0)).findLast((word) => word.startsWith('-'));
  if (flag === undefined || !listKeys.has(flag.slice(2))) return undefined;
  return { flag, command: words[at]! };
}

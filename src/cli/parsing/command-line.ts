import yargs, { type Argv } from 'yargs';
import { type TitlesmithError, usageError } from '../../common/errors.js';
import { nearestWord } from '../../common/nearest-word.js';
import { packageVersion } from '../../common/package-facts.js';
import { toPrintable } from '../../common/printable.js';
import { type CommandName, commandNames } from '../../options/choices.js';
import { formatValue, keyOf } from '../../options/option-values.js';
import { replacedOptions } from '../../options/table/training.js';
import {
  addOption,
  commandsWithOption,
  describeOption,
  givenOptions,
  hyphenateOptions,
  joinHyphens,
  listBeforeCommand,
  namesOf,
  optionsOfCommand,
  protectQuotes,
  readOptionValue,
  takesNextWord,
} from './command-options.js';
import { commandTable } from './command-table.js';
import { completedWords } from './completed-words.js';
import { completionScriptFor } from './completion-scripts.js';
import { commandElsewhere, insteadOfArgument, insteadOfOption } from './familiar-words.js';
import type { Request } from './request.js';

declare module 'yargs' {
  interface Argv {
    /** Missing in yargs' types: whether help shows the types of values. */
    usageConfiguration(configuration: { 'hide-types': boolean }): this;
  }
}

/** Text to print instead of running a command: help, the version, or a completion script. */
interface Printed {
  readonly command: 'print';
  readonly text: string;
  /** Set if the text was not requested. */
  readonly error?: TitlesmithError;
}

/**
 * Reads a command line, without the program's name.
 * @throws TitlesmithError `usage` naming what is wrong and what to do, in one line
 */
export function parseCommandLine(typed: readonly string[]): Request | Printed {
  const words = hyphenateOptions(typed);
  const [first, ...rest] = words;
  if (first === undefined) {
    const help = new CommandLine(['--help']).parse() as Printed;
    return { ...help, error: usageError('No command given.', 'See titlesmith --help.') };
  }
  const script = completionScriptFor(words, process.env['SHELL']);
  if (script !== undefined) return { command: 'print', text: script };
  // A shell asks what may follow: behind the program's name stand the words that are there.
  const completed = first === '--get-yargs-completions' ? completedWords(words.slice(2)) : undefined;
  if (completed !== undefined)
    return { command: 'print', text: completionLines(completed, process.env['SHELL']) };
  const swallowing = listBeforeCommand(words, commandWords);
  if (swallowing !== undefined)
    throw usageError(
      `${swallowing.flag} takes all words after it, ${swallowing.command} among them.`,
      `Put the command first: titlesmith ${swallowing.command} ${swallowing.flag} …`,
    );
  if (first === 'help') return parseCommandLine([...rest, '--help']);
  return new CommandLine(words).parse();
}

/** Whether a command line has the flag --json, also where it cannot be read as a whole. */
export function asksForJson(words: readonly string[]): boolean {
  const end = words.findIndex((word, index) => word === '--' && !takesNextWord(words[index - 1]));
  const isFlag = (word: string, index: number): boolean =>
    ['--json', '--json=true'].includes(word) && !takesNextWord(words[index - 1]);
  return (end < 0 ? words : words.slice(0, end)).some(isFlag);
}

type Arguments = Readonly<Record<string, unknown>>;

/** Columns of a line of help, at most: no terminal of 80 breaks it. */
const widestHelp = 78;

/** Our wording of yargs' messages. */
const wording = {
  'Positionals:': 'Arguments:',
  'Show help': 'Show this help; -h too.',
  'Show version number': 'Show the version; -v too.',
  'Argument unexpected for: %s': '--%s takes no value.',
  'Arguments %s and %s are mutually exclusive': '--%s and --%s are given, but only one of them can be.',
};

/**
 * Parses one command line with yargs, which distinguishes flags from values and writes help and completions. Values are
 * read, and errors worded, by titlesmith.
 */
class CommandLine {
  private readonly words: readonly string[];
  private readonly asksForHelp: boolean;
  private readonly program: Argv;
  /** The recognised command. */
  private command: CommandName | undefined;
  private request: Request | undefined;
  /** The error in the first invalid value of an option. */
  private valueError: unknown;

  constructor(words: readonly string[]) {
    const isFree = (index: number): boolean => !takesNextWord(words[index - 1]);
    const end = words.findIndex((word, index) => word === '--' && isFree(index));
    const options = end < 0 ? words : words.slice(0, end);
    const asksFor = (...flags: readonly string[]): boolean =>
      options.some((word, index) => flags.includes(word) && isFree(index));
    this.asksForHelp = asksFor('--help', '-h');
    if (this.asksForHelp) this.words = [...options.filter((word) => word !== '-h'), '--help'];
    else this.words = asksFor('--version', '-V', '-v') ? ['--version'] : words;
    this.program = yargs()
      .scriptName('titlesmith')
      .parserConfiguration({
        'camel-case-expansion': false,
        'dot-notation': false,
        // A value may begin with a hyphen.
        'nargs-eats-options': true,
        'parse-numbers': false,
        'parse-positional-numbers': false,
      })
      .usageConfiguration({ 'hide-types': true })
      .wrap(Math.min(widestHelp, process.stdout.columns || widestHelp))
      .locale('en')
      .updateStrings(wording)
      .usage('$0 <command> [options]\n\nA subreddit goes in, a reviewed list of new titles comes out.')
      .epilogue('Options of a command: titlesmith <command> --help')
      .version(packageVersion)
      .strictOptions()
      .fail((message) => this.fail(message));
    for (const name of commandNames) {
      if (!commandTable[name].words.includes(' ')) this.addCommand(this.program, name);
    }
    this.program.completion('completion', 'print a script that completes command lines in bash, zsh or fish');
  }

  /** @throws TitlesmithError `usage` naming what is wrong. */
  parse(): Request | Printed {
    let text = '';
    this.program.parse(
      joinHyphens(this.words).map(protectQuotes),
      (_error: unknown, _parsed: unknown, output: string) => {
        text ||= output;
      },
    );
    if (this.request) return this.request;
    const [first] = this.words;
    if (this.command === undefined && first !== 'completion' && first?.startsWith('-') === false)
      throw unknownCommand(first);
    // A shell asks what may follow, and yargs knows nothing: files may.
    if (text === '' && first === '--get-yargs-completions') return { command: 'print', text };
    if (text === '') throw usageError('No command given.', 'See titlesmith --help.');
    return { command: 'print', text };
  }

  private addCommand(parser: Argv, name: CommandName): void {
    const { words, summary, description, arguments: positionals, examples } = commandTable[name];
    const shown = positionals.map(({ name: place, optional, several }) => {
      const words = several ? `${place}..` : place;
      return optional ? `[${words}]` : `<${words}>`;
    });
    const last = words.slice(words.lastIndexOf(' ') + 1);
    parser.command({
      // Positionals are declared for help only: otherwise yargs would accept them as options too (`--run-folder x`).
      command: this.asksForHelp ? [last, ...shown].join(' ') : last,
      describe: summary,
      builder: (own: Argv) => {
        this.command = name;
        own.usage(`$0 ${[words, ...shown].join(' ')} [options]\n\n${description}`).version(false);
        if (this.asksForHelp) {
          for (const { name: place, help } of positionals)
            own.positional(place, { describe: help }).option(place, { global: false });
        }
        for (const option of optionsOfCommand(name)) {
          if (this.asksForHelp) describeOption(own, option, name);
          else addOption(own, option, (input) => this.coerce(() => readOptionValue(option, input)));
        }
        for (const [purpose, line] of examples) own.example(`# ${purpose}`, '').example(line, '');
        for (const inner of commandNames) {
          if (commandTable[inner].words.startsWith(`${words} `)) this.addCommand(own, inner);
        }
        return own;
      },
      handler: (parsed: Arguments) => this.handle(name, parsed),
    });
  }

  /** Turns the parsed command line into a request. */
  private handle(name: CommandName, parsed: Arguments): void {
    if (this.valueError !== undefined) throw this.valueError;
    const { words, arguments: positionals, request } = commandTable[name];
    const values = (parsed['_'] as readonly string[]).slice(words.split(' ').length);
    const hint = `See titlesmith ${words} --help.`;
    const missing = positionals.find(({ optional }, index) => !optional && values[index] === undefined);
    if (missing) throw usageError(`${words} needs <${missing.name}>.`, hint);
    const extra = positionals.at(-1)?.several ? undefined : values[positionals.length];
    if (extra !== undefined)
      throw usageError(
        `${formatValue(extra)} is one argument too many.`,
        insteadOfArgument(name, extra) ?? hint,
      );
    for (const [index, value] of values.entries())
      checkArgument(words, (positionals[index] ?? positionals.at(-1))!.name, value);
    this.request = request(values, givenOptions(name, parsed));
  }

  /** Reads the value of an option. Its error is stored, as yargs would keep only the message. */
  private coerce(read: () => unknown): unknown {
    try {
      return read();
    } catch (error) {
      this.valueError ??= error;
      return undefined;
    }
  }

  /** @param message of yargs. @throws TitlesmithError with that message, or a better one. */
  private fail(message: string): never {
    if (this.valueError !== undefined) throw this.valueError;
    const [first] = this.words;
    if (this.command === undefined && first?.startsWith('-') === false) throw unknownCommand(first);
    const known = this.knownNames();
    const parsed = this.program.parsed ? Object.keys(this.program.parsed.argv) : [];
    const unknown = parsed.find((key) => !['_', '--', '$0', ...known].includes(key));
    throw unknown === undefined ? usageError(message, this.hint()) : this.unknownOption(unknown, known);
  }

  private knownNames(): readonly string[] {
    const options =
      this.command === undefined ? ['version'] : optionsOfCommand(this.command).flatMap(namesOf);
    return [...options, 'help'];
  }

  private hint(): string {
    const words = this.command === undefined ? [] : [commandTable[this.command].words];
    return `See ${['titlesmith', ...words, '--help'].join(' ')}.`;
  }

  private unknownOption(typed: string, known: readonly string[]): TitlesmithError {
    const isOption = (word: string): boolean => word.replace(/^-+(?:no-)?|=[\s\S]*$/g, '') === typed;
    const flag =
      this.words.find((word) => word.startsWith('-') && isOption(word)) ??
      this.words.find((word) => /^-[^-]/.test(word) && word.includes(typed)) ??
      `--${typed}`;
    const name = flag.replace(/^-+|=[\s\S]*$/g, '');
    // gpt-2-simple spells its arguments with underscores.
    const key = keyOf(name.replaceAll('_', '-'));
    if (Object.hasOwn(replacedOptions, `--${key}`))
      return usageError(`--${name} is an option of gpt-2-simple alone: ${replacedOptions[`--${key}`]}.`);
    const elsewhere = known.includes(key) ? '' : commandsWithOption(key).join(', ');
    if (elsewhere !== '' && this.command !== undefined)
      return usageError(
        `${flag} is no option of ${commandTable[this.command].words}, but of ${elsewhere}.`,
        insteadOfOption(this.command, key),
      );
    const nearest = nearestWord(key, known);
    return usageError(
      `unknown option '${flag}'.`,
      nearest === undefined ? this.hint() : `Did you mean --${nearest}?`,
    );
  }
}

/** A word a line; zsh takes what follows a colon for a description. What would break the line of a terminal is left out. */
function completionLines(words: readonly string[], shell = ''): string {
  const isZsh = shell.includes('zsh');
  return words
    .filter((word) => word === toPrintable(word))
    .map((word) => (isZsh ? word.replaceAll(':', '\\:') : word))
    .join('\n');
}

/** Longer than any path, and than any name. */
const longestArgument = 4096;

/** @throws TitlesmithError `usage` where an argument is empty, as a variable of a shell that is not set, or names nothing. */
function checkArgument(words: string, name: string, value: string): void {
  const hint = `See titlesmith ${words} --help.`;
  if (value === '') throw usageError(`${words} got "" as <${name}>, which names nothing.`, hint);
  if (value.length <= longestArgument) return;
  const most = `which has ${value.length} characters, more than ${longestArgument}`;
  throw usageError(`${words} got ${formatValue(value)} as <${name}>, ${most}.`, hint);
}

const commandWords: ReadonlySet<string> = new Set(commandNames.map((name) => commandTable[name].words));

function unknownCommand(typed: string): TitlesmithError {
  const words = [...commandWords, 'completion', 'help'];
  const nearest =
    commandElsewhere(typed) ?? words.find((word) => word.endsWith(` ${typed}`)) ?? nearestWord(typed, words);
  const hint = nearest === undefined ? 'See titlesmith --help.' : `Did you mean ${nearest}?`;
  return usageError(`unknown command '${typed}'.`, hint);
}

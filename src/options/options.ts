import { TitlesmithError, usageError } from '../common/errors.js';
import type { OptionSpecification } from './option-specification.js';
import { type OptionName, optionTable, type RunOptions } from './option-table.js';

/** `learningRate` → `--learning-rate`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The names of all options, in the order of the table. */
export const optionNames = Object.keys(optionTable) as OptionName[];

/** The table's entry, without its value type. */
export function specificationOf(name: OptionName): OptionSpecification<unknown> {
  return optionTable[name] as OptionSpecification<unknown>;
}

/**
 * One value of an option, from text (a list option is given one item).
 * @throws TitlesmithError `usage` naming the flag, the value and the rule it breaks.
 */
export function parseValue(name: string, specification: OptionSpecification<unknown>, text: string): unknown {
  try {
    return specification.parse(text);
  } catch (error) {
    if (error instanceof TitlesmithError || !(error instanceof Error)) throw error;
    throw usageError(`${flagOf(name)} got ${JSON.stringify(text)}, which ${error.message}.`);
  }
}

/** {@link parseValue} for an option of the table. */
export function parseOptionValue(name: OptionName, text: string): unknown {
  return parseValue(name, specificationOf(name), text);
}

/** What the help and the documentation call an option's default; undefined where there is nothing to say. */
export function defaultInWords(specification: OptionSpecification<unknown>): string | undefined {
  const { fallback, defaultInWords: words, list, argument } = specification;
  if (words !== undefined) return words;
  if (list || argument === undefined || fallback === undefined) return undefined;
  return String(fallback);
}

/** The values of all options when none is given. */
export function defaultOptions(): RunOptions {
  return Object.fromEntries(optionNames.map((name) => [name, specificationOf(name).fallback])) as RunOptions;
}

/** Options in the form run.json keeps: `undefined` becomes null, so that every option stands in the file. */
export function recordOptions(options: RunOptions): Record<string, unknown> {
  return Object.fromEntries(optionNames.map((name) => [name, options[name] ?? null]));
}

/**
 * The reverse of {@link recordOptions}. Every value is checked again, as run.json may have been edited; options it
 * lacks take their default.
 * @throws TitlesmithError naming the option that cannot be.
 */
export function restoreOptions(record: Readonly<Record<string, unknown>>): RunOptions {
  const restored = optionNames.map((name) => {
    const value = record[name];
    const { fallback, list } = specificationOf(name);
    if (value === undefined || value === null) return [name, fallback];
    if (Array.isArray(value) && value.length === 0) return [name, fallback];
    // Several values in one, such as subreddit,keywords, become text as they were.
    if (!list) return [name, parseOptionValue(name, String(value))];
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    return [name, items.map((item) => parseOptionValue(name, String(item)))];
  });
  return Object.fromEntries(restored) as RunOptions;
}

/**
 * Rules that hold between options.
 * @throws TitlesmithError `usage` naming the flags that contradict each other.
 */
export function checkOptionsTogether(options: RunOptions): void {
  const { from, to, source, input, subreddit } = options;
  if (from !== undefined && to !== undefined && from > to) {
    throw usageError(`--from ${from} lies after --to ${to}.`, 'Swap them.');
  }
  const bySubreddit = options.condition.includes('subreddit');
  if (bySubreddit && (subreddit.length === 0 || source === 'csv')) {
    throw usageError(
      '--condition subreddit needs titles whose subreddit is known.',
      'Name them with --subreddit.',
    );
  }
  if (options.runName !== undefined && subreddit.length > 1 && !bySubreddit) {
    throw usageError(
      `--run-name names one run, but --subreddit names ${subreddit.length}.`,
      'Leave --run-name out: each run is named after its subreddit.',
    );
  }
  checkPrefixOptions(options);
  if ((source === 'duckdb' || source === 'csv') && input.length === 0) {
    throw usageError(`--source ${source} needs --input PATH.`);
  }
  if ((source === 'sample' || source === 'bigquery') && input.length > 0) {
    throw usageError(`--source ${source} reads no files, but --input names ${JSON.stringify(input[0])}.`);
  }
  if (subreddit.length === 0 && source !== 'csv' && !(source === 'auto' && input.length > 0)) {
    throw usageError('--subreddit is missing.', 'Name at least one, for example --subreddit askreddit.');
  }
  if (options.addMonths && (from === undefined || to === undefined)) {
    throw usageError('--add-months needs --from and --to, to know which months are new.');
  }
  if ((from !== undefined || to !== undefined) && source === 'csv') {
    throw usageError('--from and --to need posts with dates, but --source csv reads titles alone.');
  }
}

/** Rules between the options of generation. @throws TitlesmithError `usage` naming the flags. */
export function checkPrefixOptions({ prefix, prefixFile }: RunOptions): void {
  if (prefix !== undefined && prefixFile !== undefined) {
    throw usageError('--prefix and --prefix-file are given, but titles have one prefix.', 'Leave one out.');
  }
}

import { usageError } from '../common/errors.js';
import type {
  DecidedValuesOf,
  OptionRow,
  OptionRows,
  TrainingStart,
  ValueRule,
  ValuesOf,
} from './option-row.js';
import { type OptionName, optionNames, optionTable, type RunOptions, rowOf } from './option-table.js';
import { checkValue, readValue, ValueError } from './value-types.js';

const maxShownLength = 200;

/** `learningRate` → `--learning-rate`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** How an option is written: `--limit <count>`, `--subreddit <name...>`. */
export function usageOf(name: string, { argument, list }: OptionRow): string {
  return argument === undefined ? flagOf(name) : `${flagOf(name)} <${argument}${list ? '...' : ''}>`;
}

/** A value as messages show it: text in quotes, and no more of it than a line takes. */
function formatValue(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > maxShownLength ? `${value.slice(0, maxShownLength)}…` : value);
}

/** What a check gives. @throws TitlesmithError `usage` naming label and value, where it finds a fault. */
function withLabel<Result>(label: string, given: unknown, check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw usageError(`${label} got ${formatValue(given)}, which ${error.message}.`);
  }
}

/**
 * The value of an option that is given as text, or as what it is. With {@link checkOption} the one check of values,
 * wherever they come from.
 * @param label how the person knows the option: its flag, or its key in a file.
 * @returns the value, of one item where the option is a list.
 * @throws TitlesmithError `usage` naming the label, the value and the rule it breaks.
 */
export function readOption(label: string, rule: ValueRule, given: unknown): unknown {
  return withLabel(label, given, () =>
    typeof given === 'string' ? readValue(rule, given) : checkValue(rule, given),
  );
}

/** Refuses what is no value of an option. @throws as {@link readOption}. */
export function checkOption(label: string, rule: ValueRule, value: unknown): void {
  withLabel(label, value, () => checkValue(rule, value));
}

/** Refuses what are no values of a table's options, unless they are undefined. @throws as {@link readOption}. */
export function checkOptions(rows: OptionRows, values: Readonly<Record<string, unknown>>): void {
  for (const [name, row] of Object.entries(rows)) {
    if (values[name] !== undefined) checkOption(flagOf(name), row, values[name]);
  }
}

function readRunOption(name: OptionName, given: unknown): unknown {
  return readOption(flagOf(name), rowOf(name), given);
}

/** What the help and the documentation call an option's default; undefined where there is nothing to say. */
export function defaultInWords({ defaultInWords: words, defaultFor, ...row }: OptionRow): string | undefined {
  if (words !== undefined) return words;
  if (defaultFor) {
    const { scratch, pretrained, adapters } = defaultFor;
    if (scratch === pretrained) return String(scratch);
    const forAdapters = adapters === undefined ? '' : `, ${adapters} with --lora-rank`;
    return `${scratch} for nano, ${pretrained} for other models${forAdapters}`;
  }
  return row.default === undefined ? undefined : String(row.default);
}

/** An option's value where it is not given; undefined where the run decides it. */
export function defaultOf({ type, list, default: value }: OptionRow): unknown {
  return list ? [] : type === 'switch' ? false : value;
}

/** The values of a table's options when none is given. */
export function defaultsOf<Rows extends OptionRows>(rows: Rows): ValuesOf<Rows> {
  return Object.fromEntries(
    Object.entries(rows).map(([name, row]) => [name, defaultOf(row)]),
  ) as ValuesOf<Rows>;
}

/** The values of a table's options in a training: as given, else by default for what it starts from. */
export function decideValues<Rows extends OptionRows>(
  rows: Rows,
  start: TrainingStart,
  given: Partial<ValuesOf<Rows>>,
): DecidedValuesOf<Rows> {
  const decided = Object.entries(rows).map(([name, row]) => {
    const { [start]: own, pretrained } = row.defaultFor ?? {};
    return [name, given[name] ?? own ?? pretrained ?? defaultOf(row)];
  });
  return Object.fromEntries(decided) as DecidedValuesOf<Rows>;
}

/** The values of a run's options when none is given. */
export function defaultOptions(): RunOptions {
  return defaultsOf(optionTable);
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
    const row = rowOf(name);
    if (value === undefined || value === null) return [name, defaultOf(row)];
    if (Array.isArray(value) && value.length === 0) return [name, defaultOf(row)];
    if (!row.list) return [name, readRunOption(name, value)];
    return [name, [value].flat().map((item) => readRunOption(name, item))];
  });
  return Object.fromEntries(restored) as RunOptions;
}

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

/** An option's key in a batch file and in the report: `learningRate` → `learning-rate`. */
export function keyOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `learningRate` → `--learning-rate`. */
export function flagOf(name: string): string {
  return `--${keyOf(name)}`;
}

/** The usage of an option: `--limit <count>`, `--subreddit <name...>`. */
export function usageOf(name: string, { argument, list, flag = name }: OptionRow): string {
  return argument === undefined ? flagOf(flag) : `${flagOf(flag)} <${argument}${list ? '...' : ''}>`;
}

/**
 * An option as it is typed: `--top-p 0.9`, `--novel`, `--subreddit jokes news`.
 * @param value undefined: the flag alone.
 */
export function formatOption(name: OptionName, value: unknown): string {
  const flag = flagOf(rowOf(name).flag ?? name);
  if (value === undefined || value === true) return flag;
  if (value === false) return `--no-${flag.slice(2)}`;
  return [flag, ...[value].flat().map(quoted)].join(' ');
}

/** A value in quotes where a shell would take it apart. */
function quoted(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? pairsOf(value) : String(value);
  return /^[\w./:@%+,=-]+$/.test(text) ? text : JSON.stringify(text);
}

/** Biases as they are typed, `198=-5,50256=2`; an object that holds no such numbers, as in a run.json that was edited, as JSON. */
function pairsOf(value: object): string {
  const pairs = Object.entries(value);
  const areBiases =
    pairs.length > 0 && pairs.every(([id, bias]) => /^\d+$/.test(id) && Number.isFinite(bias));
  return areBiases ? pairs.map(([id, bias]) => `${id}=${bias}`).join(',') : JSON.stringify(value);
}

/** A value for messages: text in quotes, shortened; what is no single value by its kind. */
export function formatValue(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > maxShownLength ? `${value.slice(0, maxShownLength)}…` : value);
}

/** Runs a check. @throws TitlesmithError `usage` naming label and value, when it throws a ValueError. */
function withLabel<Result>(label: string, given: unknown, check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw usageError(`${label} got ${formatValue(given)}, which ${error.message}.`);
  }
}

/**
 * Reads the value of an option from text, or checks it if it is not text. All values are checked here or in
 * {@link checkOption}, wherever they come from.
 * @param label the option as the user knows it: its flag, or its key in a file.
 * @returns the value; for a list, one item.
 * @throws TitlesmithError `usage` naming the label, the value and the rule it breaks.
 */
export function readOption(label: string, rule: ValueRule, given: unknown): unknown {
  return withLabel(label, given, () =>
    typeof given === 'string' ? readValue(rule, given) : checkValue(rule, given),
  );
}

/** Checks the value of an option. @throws as {@link readOption}. */
export function checkOption(label: string, rule: ValueRule, value: unknown): void {
  withLabel(label, value, () => checkValue(rule, value));
}

/** Checks the values of a table's options, except undefined ones. @throws as {@link readOption}. */
export function checkOptions(rows: OptionRows, values: Readonly<Record<string, unknown>>): void {
  for (const [name, row] of Object.entries(rows)) {
    if (values[name] !== undefined) checkOption(flagOf(name), row, values[name]);
  }
}

function readRunOption(name: OptionName, given: unknown): unknown {
  return readOption(flagOf(name), rowOf(name), given);
}

/** An option's default as the help and the documentation show it; undefined if it has none. */
export function defaultInWords({ defaultInWords: words, defaultFor, ...row }: OptionRow): string | undefined {
  if (words !== undefined) return words;
  if (defaultFor) {
    const { scratch, pretrained, adapters, base, baseAdapters, smollm2, smollm2Adapters } = defaultFor;
    const withAdapters = (value: unknown): string =>
      value === undefined ? '' : ` (${value} with --lora-rank)`;
    const named = [
      ...(base === undefined ? [] : [`, ${base}${withAdapters(baseAdapters)} for base`]),
      ...(smollm2 === undefined ? [] : [`, ${smollm2}${withAdapters(smollm2Adapters)} for smollm2`]),
    ].join('');
    if (pretrained === undefined || scratch === pretrained) return `${scratch}${named}`;
    return `${scratch} from scratch${named}, ${pretrained}${withAdapters(adapters)} for other models`;
  }
  return row.default === undefined ? undefined : String(row.default);
}

/** The default value of an option; undefined if the run decides it. */
export function defaultOf({ type, list, default: value }: OptionRow): unknown {
  return list ? [] : type === 'switch' ? false : value;
}

/** The default values of a table's options. */
export function defaultsOf<Rows extends OptionRows>(rows: Rows): ValuesOf<Rows> {
  return Object.fromEntries(
    Object.entries(rows).map(([name, row]) => [name, defaultOf(row)]),
  ) as ValuesOf<Rows>;
}

/** The starting points whose defaults are taken, the first that has one. */
const startsInTurn: Readonly<Record<TrainingStart, readonly TrainingStart[]>> = {
  scratch: ['scratch', 'pretrained'],
  pretrained: ['pretrained'],
  adapters: ['adapters', 'pretrained'],
  base: ['base', 'pretrained'],
  baseAdapters: ['baseAdapters', 'base', 'pretrained'],
  smollm2: ['smollm2', 'pretrained'],
  smollm2Adapters: ['smollm2Adapters', 'smollm2', 'adapters', 'pretrained'],
};

/** The values of a table's options for a training: as given, else the default for its starting point. */
export function decideValues<Rows extends OptionRows>(
  rows: Rows,
  start: TrainingStart,
  given: Partial<ValuesOf<Rows>>,
): DecidedValuesOf<Rows> {
  const decided = Object.entries(rows).map(([name, row]) => {
    const defaults = startsInTurn[start].map((from) => row.defaultFor?.[from]);
    return [name, given[name] ?? defaults.find((value) => value !== undefined) ?? defaultOf(row)];
  });
  return Object.fromEntries(decided) as DecidedValuesOf<Rows>;
}

/** The default values of a run's options. */
export function defaultOptions(): RunOptions {
  return defaultsOf(optionTable);
}

/** Options in the form stored in run.json: `undefined` becomes null, so that the file lists every option. */
export function recordOptions(options: RunOptions): Record<string, unknown> {
  return Object.fromEntries(optionNames.map((name) => [name, options[name] ?? null]));
}

/**
 * The reverse of {@link recordOptions}. Every value is checked again, as run.json may have been edited; missing options
 * take their default.
 * @throws TitlesmithError naming the invalid option.
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

import { TitlesmithError } from '../../common/errors.js';
import { layoutCharacters } from './file-reading.js';

/** How a CSV is laid out, as far as the person says so. */
export interface CsvLayoutOptions {
  /** Name of the column that holds the titles; or its number, from 1. */
  readonly column: string | undefined;
  /** Whether the first record names the columns; undefined: found out. */
  readonly header: boolean | undefined;
  /** Whether double quotes enclose values, which is the default; else they are characters like any other. */
  readonly quotes?: boolean | undefined;
}

/** Where the titles of a CSV are. */
interface CsvLayout {
  readonly delimiter: string;
  readonly index: number;
  /** Where the subreddits are; -1 where no column says them. */
  readonly subredditIndex: number;
  readonly header: boolean;
  /** What was taken for what where that could be wrong, as a line for the person. */
  readonly note: string | undefined;
  /** Characters of the beginning before the first record's line break: an Excel line `sep=;`, which is no record. */
  readonly skipped: number;
}

/** A CSV without the column that was asked for; a page offers its columns instead. */
export class MissingColumnError extends TitlesmithError {
  /** @param columns the values of the first record. */
  constructor(
    message: string,
    hint: string,
    readonly columns: readonly string[],
  ) {
    super(message, { code: 'missing-columns', hint });
  }
}

const delimiters = [',', ';', '\t', '|'] as const;
/** Names shown when the one asked for is not there. */
const maxNames = 12;

/** The values of the first record, split at a delimiter outside quotes. */
function splitFirst(beginning: string, delimiter: string, quotes: boolean): string[] {
  const values = [''];
  let quoted = false;
  for (const character of beginning.replace(/^[\r\n]+/, '')) {
    if (character === '"' && quotes) quoted = !quoted;
    else if (!quoted && (character === '\n' || character === '\r')) break;
    else if (!quoted && character === delimiter) values.push('');
    else values[values.length - 1] += character;
  }
  return values.map((value) => value.trim());
}

/** Whether the lines behind the first have as many values as it, split alike: Excel writes semicolons in much of Europe. */
function splitsAlike(
  beginning: string,
  { delimiter, values }: { readonly delimiter: string; readonly values: readonly string[] },
  quotes: boolean,
): boolean {
  const [, ...others] = beginning
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== '')
    .slice(0, 50);
  // The last may be cut by the end of what was looked at.
  const whole = others.length > 1 ? others.slice(0, -1) : others;
  return (
    whole.length > 0 && whole.every((line) => splitFirst(line, delimiter, quotes).length === values.length)
  );
}

/** The index of the title column: by its name, ignoring case, or by its number from 1; -1 if there is none. */
function columnIndex(values: readonly string[], { column, header }: CsvLayoutOptions): number {
  const wanted = (column ?? 'title').trim().toLowerCase();
  const named = header === false ? -1 : values.findIndex((name) => name.toLowerCase() === wanted);
  if (named >= 0 || column === undefined || !/^[1-9]\d{0,4}$/.test(wanted)) return named;
  return Number(wanted) <= values.length ? Number(wanted) - 1 : -1;
}

/** Excel's first line that names the delimiter, with its line break left out. */
const separatorLine = /^"?sep=([^\r\n"])"?(?=[\r\n])/i;

/** Names that a column of titles has where people export them. Any letter case. */
const usualNames = new Set(
  'titles headline headlines text texts sentence sentences post posts tweet tweets content body name names question quote'
    .split(' ')
    .concat('post title', 'post_title', 'title_text', 'document'),
);

/** Whether the first record names the columns, where one is asked for by its number: a usual name, there or of a title. */
function namesColumn(values: readonly string[], value: string): boolean {
  return usualNames.has(value.toLowerCase()) || values.some((name) => name.toLowerCase() === 'title');
}

/** Whether one of these is a name that columns of titles have. */
const namesColumns = (values: readonly string[]): boolean =>
  values.some((value) => namesColumn(values, value));

/**
 * Whether the first line of a file of one column is its name rather than a title: a usual name, or one word in lower case
 * where most of the lines behind it have several words. Nothing is a name where no line follows.
 */
function isColumnName(first: string, beginning: string): boolean {
  const [, ...others] = beginning
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== '')
    .slice(0, 50);
  if (others.length === 0) return false;
  if (usualNames.has(first.toLowerCase())) return true;
  const withSpaces = others.filter((line) => /\S\s+\S/.test(line)).length;
  return /^[a-z_][a-z0-9_]*$/.test(first) && withSpaces > others.length / 2;
}

/** Lines without the last, which the end of what was looked at may cut; empty ones left out. */
function wholeLines(beginning: string): string[] {
  const lines = beginning.split(/\r\n|\n|\r/);
  // A text that ends within what was looked at may have no line break at its end.
  return (beginning.length < layoutCharacters ? lines : lines.slice(0, -1)).filter(
    (line) => line.trim() !== '',
  );
}

/**
 * How a file of lines is a table of values with tabs between, as spreadsheets save “Unicode text” (.txt); undefined where it is none. Every
 * line must have as many tabs as the first, and that be a header with a usual name, or the file have the column that is asked for.
 * @returns whether quotes enclose its values.
 */
export function tabTable(
  beginning: string,
  options: CsvLayoutOptions,
): { readonly quotes: boolean } | undefined {
  const lines = wholeLines(beginning).map((line) => line.split('\t'));
  const [first = []] = lines;
  const isEven = lines.length > 1 && first.length > 1 && lines.every(({ length }) => length === first.length);
  if (!isEven) return undefined;
  const { column, header, quotes } = options;
  const names = splitFirst(beginning, '\t', quotes ?? true);
  const isTable =
    column === undefined ? header !== false && namesColumns(names) : columnIndex(names, options) >= 0;
  if (!isTable) return undefined;
  const quoted = lines.flat().filter((value) => value.includes('"'));
  const areWell = quoted.length > 0 && quoted.every((value) => /^"(?:[^"]|"")*"$/.test(value));
  return { quotes: quotes ?? areWell };
}

/**
 * Which delimiter a CSV has, whether its first record is a header, and which column holds the titles: the one asked for,
 * else one called `title`, else the only one. A delimiter other than the comma must show the column that is wanted.
 * @param beginning the text up to the end of the first record, at least.
 * @throws TitlesmithError naming the columns when none of these is there.
 */
export function csvLayout(beginning: string, options: CsvLayoutOptions, path: string): CsvLayout {
  const { column, header, quotes = true } = options;
  const separator = separatorLine.exec(beginning);
  const skipped = separator?.[0].length ?? 0;
  const records = beginning.slice(skipped);
  const candidates = (separator?.[1] === undefined ? delimiters : [separator[1]])
    .map((delimiter) => ({ delimiter, values: splitFirst(records, delimiter, quotes) }))
    .sort((a, b) => b.values.length - a.values.length);
  for (const { delimiter, values } of candidates) {
    const index = columnIndex(values, options);
    if (index < 0 || (values.length === 1 && delimiter !== ',' && !separator)) continue;
    const isNamed = values[index]?.toLowerCase() === (column ?? 'title').trim().toLowerCase();
    const value = values[index] ?? '';
    const isNumber = column !== undefined && !isNamed;
    const hasHeader = header ?? (isNamed || (isNumber && namesColumn(values, value)));
    const subredditIndex = hasHeader
      ? values.findIndex((name, at) => at !== index && name.toLowerCase() === 'subreddit')
      : -1;
    const taken = hasHeader
      ? 'the names of the columns; --header false takes it'
      : 'values; --header true takes it';
    const other = hasHeader ? 'for values' : 'for the names of the columns';
    const guess = `${path}: the first record, with ${JSON.stringify(value.slice(0, 40))}, is taken for ${taken} ${other}`;
    const alike = values.filter((name) => name.toLowerCase() === value.toLowerCase()).length;
    const repeated = `${path}: ${alike} columns are called ${JSON.stringify(value.slice(0, 40))}; the first is read`;
    const isGuess = isNumber && header === undefined;
    const note = isGuess ? guess : isNamed && alike > 1 ? repeated : undefined;
    return { delimiter, index, subredditIndex, header: hasHeader, note, skipped };
  }
  const [first = { delimiter: ',', values: [] }] = candidates;
  const isClear = first.delimiter !== ',' && first.values.length > 1 && splitsAlike(records, first, quotes);
  const shown =
    separator || isClear ? first : (candidates.find(({ delimiter }) => delimiter === ',') ?? first);
  const [only = ''] = shown.values;
  if (column === undefined && shown.values.length === 1) {
    const taken = header ?? isColumnName(only, records);
    const quoted = JSON.stringify(only.slice(0, 40));
    const note = taken
      ? `${path}: the first line, ${quoted}, is taken for the name of the column; --header false takes it for a title`
      : `${path}: the first line, ${quoted}, is taken for a title; --header true takes it for the name of the column`;
    const { delimiter } = shown;
    const isGuess = header === undefined;
    return {
      delimiter,
      index: 0,
      subredditIndex: -1,
      header: taken,
      note: isGuess ? note : undefined,
      skipped,
    };
  }
  const names = shown.values.slice(0, maxNames).map((name) => JSON.stringify(name.slice(0, 40)));
  const between = isClear ? ` (between ${JSON.stringify(shown.delimiter)})` : '';
  throw new MissingColumnError(
    `${path} has no column ${JSON.stringify(column ?? 'title')}.`,
    `It has ${names.join(', ')}${between}; name one with --column${header === false ? ', by its number' : ''}.`,
    shown.values,
  );
}

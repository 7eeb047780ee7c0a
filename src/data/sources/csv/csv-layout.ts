import { TitlesmithError } from '../../../common/errors.js';

/** How people lay their CSVs out, where they say so. */
export interface CsvLayoutOptions {
  /** Name of the column that holds the titles; or its number, from 1. */
  readonly column: string | undefined;
  /** Whether the first record names the columns; undefined: found out. */
  readonly header: boolean | undefined;
}

/** Where the titles of a CSV are. */
export interface CsvLayout {
  readonly delimiter: string;
  readonly index: number;
  readonly header: boolean;
}

const delimiters = [',', ';', '\t', '|'] as const;
/** Names shown when the one asked for is not there. */
const mostNames = 12;

/** The values of the first record, split at a delimiter outside quotes. */
function splitFirst(beginning: string, delimiter: string): string[] {
  const values = [''];
  let quoted = false;
  for (const character of beginning) {
    if (character === '"') quoted = !quoted;
    else if (!quoted && (character === '\n' || character === '\r')) break;
    else if (!quoted && character === delimiter) values.push('');
    else values[values.length - 1] += character;
  }
  return values.map((value) => value.trim());
}

/** The place of the column wanted, by its name in any letter case or, where that is a number, by that; -1 if none. */
function placeOf(values: readonly string[], { column, header }: CsvLayoutOptions): number {
  const wanted = (column ?? 'title').trim().toLowerCase();
  const named = header === false ? -1 : values.findIndex((name) => name.toLowerCase() === wanted);
  if (named >= 0 || column === undefined || !/^[1-9]\d{0,4}$/.test(wanted)) return named;
  return Number(wanted) <= values.length ? Number(wanted) - 1 : -1;
}

/**
 * Which delimiter a CSV has, whether its first record is a header, and which column holds the titles: the one asked for,
 * else one called `title`, else the only one. A delimiter other than the comma must show the column that is wanted.
 * @param beginning the text up to the end of the first record, at least.
 * @throws TitlesmithError naming the columns when none of these is there.
 */
export function csvLayout(beginning: string, options: CsvLayoutOptions, path: string): CsvLayout {
  const { column, header } = options;
  const candidates = delimiters
    .map((delimiter) => ({ delimiter, values: splitFirst(beginning, delimiter) }))
    .sort((a, b) => b.values.length - a.values.length);
  for (const { delimiter, values } of candidates) {
    const index = placeOf(values, options);
    if (index < 0 || (values.length === 1 && delimiter !== ',')) continue;
    const isNamed = values[index]?.toLowerCase() === (column ?? 'title').trim().toLowerCase();
    return { delimiter, index, header: header ?? isNamed };
  }
  const byComma = candidates.find(({ delimiter }) => delimiter === ',')?.values ?? [];
  if (column === undefined && byComma.length === 1)
    return { delimiter: ',', index: 0, header: header ?? false };
  const names = byComma.slice(0, mostNames).map((name) => JSON.stringify(name.slice(0, 40)));
  throw new TitlesmithError(`${path} has no column ${JSON.stringify(column ?? 'title')}.`, {
    code: 'missing-columns',
    hint: `It has ${names.join(', ')}; name one with --column${header === false ? ', by its number' : ''}.`,
  });
}

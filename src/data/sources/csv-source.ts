import { TitlesmithError, usageError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { parseCsv } from '../../io/csv.js';
import { textLines } from '../../io/lines.js';
import { readText } from '../../io/text-file.js';
import { filesInWords, fingerprintFiles, resolveInputFiles } from './input-files.js';
import { isLongEnough, type SourceRow, type TitleQuery, type TitleSource } from './title-source.js';

/** How a CSV is laid out, as far as the person says so. */
interface CsvLayoutOptions {
  /** Name of the column that holds the titles; or its number, from 1. */
  readonly column: string | undefined;
  /** Whether the first record names the columns; undefined: found out. */
  readonly header: boolean | undefined;
}

/**
 * Plain titles: CSV files, or `.txt` with a title a line; `.gz` and `.zst` of both. They know no subreddit, score or
 * month, so the order of the files is the order of the rows.
 * @param paths files or patterns.
 * @throws TitlesmithError when a file is not there or nothing matches.
 */
export async function openCsvSource(
  paths: readonly string[],
  options: CsvLayoutOptions,
): Promise<TitleSource> {
  const files = await resolveInputFiles('csv', paths);
  return {
    name: 'csv',
    describe: () => `files of titles: ${filesInWords(files)}`,
    fingerprint: async () =>
      `csv ${options.column ?? ''} ${options.header ?? ''}\n${await fingerprintFiles(files)}`,
    rows: (query, context) => csvRows(files, options, query, context),
  };
}

async function* csvRows(
  files: readonly string[],
  options: CsvLayoutOptions,
  query: TitleQuery,
  context: WorkContext,
): AsyncGenerator<SourceRow> {
  if (query.from !== undefined || query.to !== undefined) {
    throw usageError('--from and --to need posts with dates, but the csv source reads titles alone.');
  }
  let count = 0;
  for (const file of files) {
    let titles = 0;
    for await (const title of titlesOfFile(file, options, context)) {
      titles += 1;
      // Too short ones are passed on, so that cleaning counts them, but as in SQL they take no place of others.
      if (isLongEnough(title, query.minLength)) count += 1;
      yield { title };
      if (count >= query.limit) return;
    }
    if (titles === 0) {
      throw new TitlesmithError(`${file} holds no title.`, {
        code: 'no-titles',
        hint: 'Name a file with at least one title.',
      });
    }
  }
}

function titlesOfFile(file: string, options: CsvLayoutOptions, context: WorkContext): AsyncGenerator<string> {
  const text = readText(file, (message) => context.onProgress({ kind: 'warning', message }));
  return /\.txt(\.gz|\.zst)?$/i.test(file) ? titlesOfLines(text, file) : titlesOfCsv(text, file, options);
}

/** Characters of the beginning in which the first record should end. */
const layoutCharacters = 65_536;

/** The beginning of a text, and all of it. */
async function peek(
  chunks: AsyncIterable<string>,
): Promise<{ readonly beginning: string; readonly whole: AsyncIterable<string> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let beginning = '';
  while (beginning.length < layoutCharacters) {
    const next = await iterator.next();
    if (next.done) break;
    beginning += next.value;
  }
  async function* whole(): AsyncGenerator<string> {
    try {
      yield beginning;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { beginning, whole: whole() };
}

/** The titles of one CSV. @throws TitlesmithError when it is malformed. */
async function* titlesOfCsv(
  chunks: AsyncIterable<string>,
  path: string,
  options: CsvLayoutOptions,
): AsyncGenerator<string> {
  const { beginning, whole } = await peek(chunks);
  const { delimiter, index, header } = csvLayout(beginning, options, path);
  let record = 0;
  for await (const fields of parseCsv(whole, path, delimiter)) {
    record += 1;
    if (record > 1 || !header) yield fields[index] ?? '';
  }
}

/** The titles of a text file, one a line, empty lines left out. */
async function* titlesOfLines(chunks: AsyncIterable<string>, path: string): AsyncGenerator<string> {
  for await (const line of textLines(chunks, path)) if (line.trim() !== '') yield line;
}

/** Where the titles of a CSV are. */
interface CsvLayout {
  readonly delimiter: string;
  readonly index: number;
  readonly header: boolean;
}

const delimiters = [',', ';', '\t', '|'] as const;
/** Names shown when the one asked for is not there. */
const maxNames = 12;

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

/** The index of the title column: by its name, ignoring case, or by its number from 1; -1 if there is none. */
function columnIndex(values: readonly string[], { column, header }: CsvLayoutOptions): number {
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
function csvLayout(beginning: string, options: CsvLayoutOptions, path: string): CsvLayout {
  const { column, header } = options;
  const candidates = delimiters
    .map((delimiter) => ({ delimiter, values: splitFirst(beginning, delimiter) }))
    .sort((a, b) => b.values.length - a.values.length);
  for (const { delimiter, values } of candidates) {
    const index = columnIndex(values, options);
    if (index < 0 || (values.length === 1 && delimiter !== ',')) continue;
    const isNamed = values[index]?.toLowerCase() === (column ?? 'title').trim().toLowerCase();
    return { delimiter, index, header: header ?? isNamed };
  }
  const byComma = candidates.find(({ delimiter }) => delimiter === ',')?.values ?? [];
  if (column === undefined && byComma.length === 1)
    return { delimiter: ',', index: 0, header: header ?? false };
  const names = byComma.slice(0, maxNames).map((name) => JSON.stringify(name.slice(0, 40)));
  throw new TitlesmithError(`${path} has no column ${JSON.stringify(column ?? 'title')}.`, {
    code: 'missing-columns',
    hint: `It has ${names.join(', ')}; name one with --column${header === false ? ', by its number' : ''}.`,
  });
}

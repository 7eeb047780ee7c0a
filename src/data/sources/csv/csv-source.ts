import { TitlesmithError, usageError } from '../../../common/errors.js';
import type { WorkContext } from '../../../common/progress.js';
import { parseCsv } from '../../../io/csv.js';
import { textLines } from '../../../io/lines.js';
import { readText } from '../../../io/text-file.js';
import { filesInWords, fingerprintFiles, resolveInputFiles } from '../input-files.js';
import { isLongEnough, type TitleQuery } from '../title-query.js';
import type { SourceRow, TitleSource } from '../title-source.js';
import { type CsvLayoutOptions, csvLayout } from './csv-layout.js';

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

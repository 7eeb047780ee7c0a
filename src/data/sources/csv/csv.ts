import { TitlesmithError, usageError } from '../../../common/errors.js';
import type { WorkContext } from '../../../common/progress.js';
import { readText } from '../../../io/text-file.js';
import { filesInWords, fingerprintFiles, resolveInputFiles } from '../input-files.js';
import { isLongEnough } from '../title-length.js';
import type { SourceRow, TitleQuery, TitleSource } from '../title-source.js';
import type { CsvWishes } from './layout.js';
import { titlesOfCsv, titlesOfLines } from './titles.js';

/**
 * Plain titles: CSV files, or `.txt` with a title a line; `.gz` of both. They know no subreddit, score or
 * month, so the order of the files is the order of the rows.
 * @param paths files or patterns.
 * @throws TitlesmithError when a file is not there or nothing matches.
 */
export async function openCsvSource(paths: readonly string[], wishes: CsvWishes): Promise<TitleSource> {
  const files = await resolveInputFiles('csv', paths, async (pattern) => {
    const { expandPattern } = await import('../duckdb/posts.js');
    return expandPattern(pattern);
  });
  return {
    name: 'csv',
    describe: () => `files of titles: ${filesInWords(files)}`,
    fingerprint: async () =>
      `csv ${wishes.column ?? ''} ${wishes.header ?? ''}\n${await fingerprintFiles(files)}`,
    rows: (query, context) => csvRows(files, wishes, query, context),
  };
}

async function* csvRows(
  files: readonly string[],
  wishes: CsvWishes,
  query: TitleQuery,
  context: WorkContext,
): AsyncGenerator<SourceRow> {
  if (query.from !== undefined || query.to !== undefined) {
    throw usageError('--from and --to need posts with dates, but the csv source reads titles alone.');
  }
  let count = 0;
  for (const file of files) {
    let titles = 0;
    for await (const title of titlesOfFile(file, wishes, context)) {
      titles += 1;
      // Too short ones are passed on, so that cleaning counts them, but as in SQL they take no place of
      // others.
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

function titlesOfFile(file: string, wishes: CsvWishes, context: WorkContext): AsyncGenerator<string> {
  const text = readText(file, (message) => context.onProgress({ kind: 'warning', message }));
  return /\.txt(\.gz)?$/i.test(file) ? titlesOfLines(text, file) : titlesOfCsv(text, file, wishes);
}

import { TitlesmithError } from '../common/errors.js';
import { parseCsv } from '../io/csv.js';
import { readText } from '../io/text-file.js';
import { checkArgument, isText } from '../options/call-arguments.js';

/** A title, and the subreddit it is from where titles.csv says so. */
interface ReadTitle {
  readonly title: string;
  readonly subreddit: string | undefined;
}

/**
 * The records of a titles.csv, in order: a column `title`, and `subreddit` where the run was conditioned by it.
 * @throws TitlesmithError when it is not there, malformed, or has another header.
 */
export async function* readTitleRecords(path: string): AsyncGenerator<ReadTitle> {
  checkArgument('readTitles', 'path', path, isText);
  let record = 0;
  let columns = 0;
  for await (const values of parseCsv(readText(path), path)) {
    record += 1;
    const [title, subreddit] = values;
    if (record === 1) columns = subreddit === 'subreddit' ? 2 : 1;
    if (title === undefined || values.length !== columns || (record === 1 && title !== 'title')) {
      throw new TitlesmithError(
        `${path} is not a file of titles: record ${record} is not of ` +
          (columns === 2 ? 'two columns `title` and `subreddit`.' : 'one column `title`.'),
        {
          code: 'titles-file',
          hint: 'Run the extract stage again.',
        },
      );
    }
    if (record > 1) yield { title, subreddit };
  }
}

/** The titles alone. @throws TitlesmithError like {@link readTitleRecords}. */
export async function* readTitles(path: string): AsyncGenerator<string> {
  for await (const { title } of readTitleRecords(path)) yield title;
}

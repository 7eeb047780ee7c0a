import { TitlesmithError } from '../common/errors.js';
import { parseCsv } from '../io/csv.js';

/** A title, and the subreddit it is from where titles.csv says so. */
export interface ReadTitle {
  readonly title: string;
  readonly subreddit: string | undefined;
}

/**
 * The records of a titles.csv, in order: a column `title`, and `subreddit` where the run was conditioned by it.
 * @param text in chunks. @param path of the file, for messages.
 * @throws TitlesmithError when it is malformed, or has another header.
 */
export async function* titleRecords(text: AsyncIterable<string>, path: string): AsyncGenerator<ReadTitle> {
  let record = 0;
  let columns = 0;
  for await (const values of parseCsv(text, path)) {
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

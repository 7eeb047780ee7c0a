import { readText } from '../io/text-file.js';
import { checkArgument, isText } from '../options/call-arguments.js';
import { type ReadTitle, titleRecords } from './title-records.js';

/**
 * The records of a titles.csv, in order: a column `title`, and `subreddit` where the run was conditioned by it.
 * @throws TitlesmithError when it is not there, malformed, or has another header.
 */
export async function* readTitleRecords(path: string): AsyncGenerator<ReadTitle> {
  checkArgument('readTitles', 'path', path, isText);
  yield* titleRecords(readText(path), path);
}

/** The titles alone. @throws TitlesmithError like {@link readTitleRecords}. */
export async function* readTitles(path: string): AsyncGenerator<string> {
  for await (const { title } of readTitleRecords(path)) yield title;
}

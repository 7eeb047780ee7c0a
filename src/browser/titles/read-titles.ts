import type { WorkContext } from '../../common/progress.js';
import type { ExtractCounts } from '../../common/stage-counts.js';
import { openCleaning } from '../../data/cleaned-lists.js';
import type { TitleSource } from '../../data/sources/title-source.js';
import { completeContext } from '../../options/call-arguments.js';
import type { RunOptions } from '../../options/option-table.js';
import { cleaningRules, titleQuery, withRemarks } from '../../run/extraction.js';
import { runOptionsOf } from '../run/browser-options.js';
import { droppedFilesSource, type TitleFile } from './dropped-files.js';
import { samplePostsSource } from './sample-posts.js';

/** Where titles come from. */
export type TitleInput =
  | { readonly files: readonly TitleFile[] }
  /** The sample that ships: the bytes of data/sample-posts.ndjson.gz. `subreddit` among the options says which of its titles. */
  | { readonly sample: Blob };

/** Take the records of titles.csv and dropped.csv, line breaks included. */
interface RecordTakers {
  readonly titles: (record: string) => void;
  readonly dropped: (record: string) => void;
}

/** What was read and cleaned. */
interface CleanedSource {
  /** One line for the record: what was read. */
  readonly description: string;
  readonly counts: ExtractCounts;
}

interface ReadTitles extends CleanedSource {
  /** The records of titles.csv and dropped.csv, header and line breaks included. */
  readonly titlesCsv: readonly string[];
  readonly droppedCsv: readonly string[];
}

/** Opens the source of titles. @throws TitlesmithError when there is no file, or one is compressed as nothing here decompresses. */
export function openTitleInput(
  input: TitleInput,
  { column, header, quotes }: RunOptions,
  context: Pick<WorkContext, 'signal'>,
): TitleSource {
  if ('sample' in input) return samplePostsSource(input.sample);
  const hasHeader = header === 'auto' ? undefined : header;
  return droppedFilesSource(input.files, { column, header: hasHeader, quotes }, context);
}

/** Reads and cleans the titles of a source. @throws as {@link readTitles}. */
export async function cleanSource(
  opened: TitleSource,
  options: RunOptions,
  takers: RecordTakers,
  context: WorkContext,
): Promise<CleanedSource> {
  const remarks: string[] = [];
  const source = withRemarks(opened, (message) => remarks.push(message));
  const cleaning = await openCleaning(source, titleQuery(options), cleaningRules(options), context);
  const counts = await cleaning.write({
    titles: async (record) => takers.titles(record),
    dropped: async (record) => takers.dropped(record),
  });
  return { description: opened.describe(), counts: remarks.length > 0 ? { ...counts, remarks } : counts };
}

/**
 * Reads files of titles, or the sample, and cleans them, by the rules of the command line.
 * @param options `column`, `header`, `quotes`, `subreddit`, `limit`, `minLength`.
 * @throws TitlesmithError naming the file, and the line where one is malformed; InterruptedError.
 */
export async function readTitles(
  input: TitleInput,
  options: Partial<RunOptions> = {},
  given: Partial<WorkContext> = {},
): Promise<ReadTitles> {
  const context = completeContext<WorkContext>('readTitles', given);
  const [titlesCsv, droppedCsv]: [string[], string[]] = [[], []];
  const takers = {
    titles: (record: string) => void titlesCsv.push(record),
    dropped: (record: string) => void droppedCsv.push(record),
  };
  return { ...(await readTitlesInto(takers, input, options, context)), titlesCsv, droppedCsv };
}

/** Reads titles as {@link readTitles}, and gives their records away: what is dropped may be as long as the files. @throws as that. */
export async function readTitlesInto(
  takers: RecordTakers,
  input: TitleInput,
  options: Partial<RunOptions>,
  context: WorkContext,
): Promise<CleanedSource> {
  const checked = runOptionsOf('readTitles', options);
  return cleanSource(openTitleInput(input, checked, context), checked, takers, context);
}

import type { WorkContext } from '../../../common/progress.js';
import { availableZstdDecoders, zstdFrameDecoder } from '../../../io/compression/zstd.js';
import { filesInWords } from '../input-files.js';
import { missingSubreddits } from '../missing-subreddits.js';
import type { SourceRow, TitleQuery } from '../title-source.js';
import { readDumpLines } from './dump-lines.js';
import { DumpSearch } from './dump-search.js';
import { LineFault, parseLine, toPost, toRow } from './post.js';

/** Lines of each file among which the names of subreddits are looked up, once one was not found. */
const linesForNames = 100_000;

/**
 * The titles of a question in NDJSON dumps, in its order. Lines that are no posts are counted and reported as
 * one warning.
 * @param names subreddits in lower case, each once.
 * @param strict fails at the first line that is no post.
 * @throws TitlesmithError when a file cannot be read; MissingSubredditsError after the rows of the others.
 */
export async function* ndjsonRows(
  files: readonly string[],
  names: readonly string[],
  query: TitleQuery,
  { strict }: { readonly strict: boolean },
  context: WorkContext,
): AsyncGenerator<SourceRow> {
  await warnOfSlowZstd(files, context);
  const search = new DumpSearch(names, query, strict);
  const read = { lines: 0 };
  for (const file of files) await search.readFile(file, read, context);
  search.report(context.onProgress);
  for (const post of search.posts()) yield toRow(post);
  const missing = search.missing();
  if (missing.length === 0) return;
  const where = filesInWords(files);
  const known = missing.some(({ seen }) => !seen) ? await knownSubreddits(files, context) : new Map();
  throw missingSubreddits(missing, where, known, query);
}

async function warnOfSlowZstd(files: readonly string[], { onProgress }: WorkContext): Promise<void> {
  const isSlow =
    (files.some((file) => /\.zst$/i.test(file)) && (await availableZstdDecoders())[0] === 'fzstd') ||
    (files.some((file) => /\.zst_blocks$/i.test(file)) && zstdFrameDecoder() === 'fzstd');
  if (!isSlow) return;
  const message = 'zstd files are decompressed slowly here: install the program zstd, or Node 22.15 or later';
  onProgress({ kind: 'warning', message });
}

/** Posts of each subreddit, by its name in lower case, at the beginning of each file. */
async function knownSubreddits(
  files: readonly string[],
  context: WorkContext,
): Promise<ReadonlyMap<string, number>> {
  const posts = new Map<string, number>();
  const read = { lines: 0 };
  for (const file of files) {
    let lines = 0;
    const onLine = (bytes: Buffer, start: number, end: number): void => {
      lines += 1;
      if (lines > linesForNames) return;
      const name = subredditOf(bytes, start, end);
      if (name !== undefined) posts.set(name, (posts.get(name) ?? 0) + 1);
    };
    const isEnough = (): boolean => lines >= linesForNames;
    await readDumpLines(file, { onLine, onTooLong: () => {}, isEnough }, read, context);
  }
  return posts;
}

function subredditOf(bytes: Buffer, start: number, end: number): string | undefined {
  try {
    return toPost(parseLine(bytes, start, end))?.subreddit.toLowerCase();
  } catch (error) {
    if (error instanceof LineFault) return undefined;
    throw error;
  }
}

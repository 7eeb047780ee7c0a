import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import { usageError } from '../../src/common/errors.js';
import type { WorkContext } from '../../src/common/progress.js';
import { LineFaults } from '../../src/data/sources/dump-records.js';
import { readDumpLines } from '../../src/data/sources/ndjson/dump-lines.js';
import { LineFault, parseLine, toPost } from '../../src/data/sources/ndjson/post.js';
import { temporaryName } from '../../src/io/byte-folder.js';
import { formatCsvRecord } from '../../src/io/csv.js';
import { readLines } from '../../src/io/text-file.js';

/** Which posts a base model must not learn from. */
export interface Exclusions {
  /** Subreddits, in lower case. */
  readonly subreddits: ReadonlySet<string>;
  /** Words, in lower case, of which a title must hold none. */
  readonly words: ReadonlySet<string>;
}

/** Posts of the dumps: those kept, and those left out for what. */
type Verdict = 'kept' | 'subreddit' | 'over18' | 'word';

interface DumpTitles {
  readonly counts: Readonly<Record<Verdict, number>>;
  /** Subreddits with a title that was kept, in lower case, sorted. */
  readonly subreddits: readonly string[];
}

/** The lines of a file that lists subreddits or words, in lower case; empty ones are skipped. @throws TitlesmithError. */
export async function readNames(path: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const line of readLines(path)) {
    const name = line.trim().toLowerCase();
    if (name !== '') names.add(name);
  }
  return names;
}

/** What becomes of a post, by the first rule that fits. */
function judge(
  { title, subreddit }: { readonly title: string; readonly subreddit: string },
  isOver18: boolean,
  { subreddits, words }: Exclusions,
): Verdict {
  if (subreddits.has(subreddit.toLowerCase())) return 'subreddit';
  if (isOver18) return 'over18';
  const own = words.size === 0 ? [] : (title.toLowerCase().match(/[\p{L}\p{N}'’]+/gu) ?? []);
  return own.some((word) => words.has(word)) ? 'word' : 'kept';
}

/** Characters gathered before they are written. */
const bufferedCharacters = 2 ** 20;

/**
 * NDJSON dumps of posts (also `.gz`, `.zst`, `.zst_blocks`) → a CSV with the columns title and subreddit, in their order:
 * posts of all subreddits and scores but those excluded and those marked over 18. Titles are as they stand in the dumps;
 * the extract stage cleans them. The file appears once it is complete.
 * @throws TitlesmithError when a file cannot be read, or no post is left; InterruptedError.
 */
export async function writeDumpTitles(
  dumps: readonly string[],
  path: string,
  exclusions: Exclusions,
  context: WorkContext,
): Promise<DumpTitles> {
  const counts = { kept: 0, subreddit: 0, over18: 0, word: 0 };
  const subreddits = new Set<string>();
  const faults = new LineFaults(false);
  const read = { lines: 0 };
  const file = openSync(temporaryName(path), 'w');
  let text = formatCsvRecord(['title', 'subreddit']);
  const flush = (): void => {
    writeSync(file, text);
    text = '';
  };
  const take = (object: Readonly<Record<string, unknown>>): void => {
    const post = toPost(object);
    if (post === undefined) return;
    const verdict = judge(post, object['over_18'] === true, exclusions);
    counts[verdict] += 1;
    if (verdict !== 'kept') return;
    const subreddit = post.subreddit.toLowerCase();
    subreddits.add(subreddit);
    text += formatCsvRecord([post.title, subreddit]);
    if (text.length > bufferedCharacters) flush();
  };
  try {
    for (const dump of dumps) await readDumpLines(dump, listenerOf(dump, take, faults), read, context);
    flush();
  } finally {
    closeSync(file);
  }
  if (counts.kept === 0) throw usageError(`No post of ${dumps.join(', ')} is left.`, 'Name other dumps.');
  renameSync(temporaryName(path), path);
  faults.report(context.onProgress);
  return { counts, subreddits: [...subreddits].sort() };
}

/** Parses every line; those that are no posts are counted. */
function listenerOf(
  dump: string,
  take: (object: Readonly<Record<string, unknown>>) => void,
  faults: LineFaults,
): Parameters<typeof readDumpLines>[1] {
  return {
    onLine: (bytes, start, end, line) => {
      try {
        take(parseLine(bytes, start, end));
      } catch (error) {
        if (!(error instanceof LineFault)) throw error;
        faults.add(dump, line, error.message);
      }
    },
    onTooLong: (line) => faults.add(dump, line, 'longer than 16 MiB'),
    isEnough: () => false,
  };
}

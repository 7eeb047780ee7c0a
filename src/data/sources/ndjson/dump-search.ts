import { TitlesmithError } from '../../../common/errors.js';
import type { WorkContext } from '../../../common/progress.js';
import { checkColumns, LineFaults, requiredColumns } from '../dump-records.js';
import { isLongEnough, startOfMonth, type TitleQuery } from '../title-source.js';
import { type LinesRead, readDumpLines } from './dump-lines.js';
import { ascii } from './key-search.js';
import { LineFilter, noneWanted, scoresBelow } from './line-filter.js';
import { LineFault, type Post, parseLine, toPost } from './post.js';
import { comparePosts, TopPosts } from './top-posts.js';

/** Objects of each file that are parsed whatever they hold, to learn which columns there are. */
const sniffedObjects = 100;

/** Keys and number of the objects at the beginning of a file. */
interface Sniffed {
  readonly keys: Set<string>;
  objects: number;
}

/**
 * Looks for the titles of a question in NDJSON dumps: what queries/top-titles.duckdb.sql says, in one pass that parses
 * only lines which can matter. A line that cannot is looked at no further than its braces.
 */
export class DumpSearch {
  readonly faults: LineFaults;
  private readonly filter: LineFilter;
  private readonly tops: readonly TopPosts[];
  private readonly seen = new Set<string>();
  private readonly fromSecond: number;
  private readonly toSecond: number;

  /**
   * @param names subreddits in lower case, each once.
   * @param strict parses every line in full, and fails at the first that is no post.
   */
  constructor(
    private readonly names: readonly string[],
    private readonly query: TitleQuery,
    private readonly strict: boolean,
  ) {
    this.faults = new LineFaults(strict);
    this.filter = new LineFilter(names);
    this.tops = names.map(() => new TopPosts(query.limit));
    this.fromSecond = query.from === undefined ? Number.NEGATIVE_INFINITY : startOfMonth(query.from, 0);
    this.toSecond = query.to === undefined ? Number.POSITIVE_INFINITY : startOfMonth(query.to, 1);
  }

  /** Reads one dump. @throws TitlesmithError when it is none, lacks columns, or cannot be read. */
  async readFile(path: string, read: LinesRead, context: WorkContext): Promise<void> {
    const required = requiredColumns(this.query);
    const sniffed: Sniffed = { keys: new Set(), objects: 0 };
    let lines = 0;
    await readDumpLines(
      path,
      {
        onLine: (bytes, start, end, line) => {
          lines += 1;
          try {
            this.take(bytes, start, end, sniffed);
          } catch (error) {
            if (!(error instanceof LineFault)) throw error;
            this.faults.add(path, line, error.message);
          }
        },
        onTooLong: (line) => this.faults.add(path, line, 'longer than 16 MiB'),
        isEnough: () => {
          if (sniffed.objects >= sniffedObjects) checkColumns(path, sniffed.keys, required);
          return false;
        },
      },
      read,
      context,
    );
    if (sniffed.objects > 0) checkColumns(path, sniffed.keys, required);
    else if (lines > 0) throw noObjects(path);
  }

  /** The titles found, in the order of the query. */
  posts(): readonly Post[] {
    return this.tops.flatMap((top) => top.sorted()).sort(comparePosts);
  }

  /** The subreddits without a title, and whether they have posts at all. */
  missing(): readonly { readonly name: string; readonly seen: boolean }[] {
    const without = this.names.filter((_, index) => this.tops[index]?.isEmpty);
    return without.map((name) => ({ name, seen: this.seen.has(name) }));
  }

  private take(bytes: Buffer, start: number, end: number, sniffed: Sniffed): void {
    if (bytes[start] !== ascii.braceOpen) throw new LineFault('not a JSON object');
    if (bytes[end - 1] !== ascii.braceClose) throw new LineFault('cut short');
    const sniffing = sniffed.objects < sniffedObjects;
    if (!sniffing && !this.strict && !this.mayMatter(bytes, start, end)) return;
    const object = parseLine(bytes, start, end);
    if (sniffing) {
      sniffed.objects += 1;
      for (const key of Object.keys(object)) sniffed.keys.add(key);
    }
    const post = toPost(object);
    if (post) this.takePost(post);
  }

  private mayMatter(bytes: Buffer, start: number, end: number): boolean {
    const wanted = this.filter.subredditOf(bytes, start, end);
    if (wanted === noneWanted) return false;
    const bound = this.tops[wanted]?.scoreBound;
    return bound === undefined || !scoresBelow(bytes, start, end, bound);
  }

  private takePost(post: Post): void {
    const name = post.subreddit.toLowerCase();
    // Names are ASCII; lower case alone would also take the Kelvin sign for a k.
    const top = /^[\x21-\x7e]*$/.test(post.subreddit) ? this.tops[this.names.indexOf(name)] : undefined;
    if (top === undefined) return;
    this.seen.add(name);
    if (this.isInMonths(post) && isLongEnough(post.title, this.query.minLength)) top.add(post);
  }

  private isInMonths({ createdUtc }: Post): boolean {
    const { from, to } = this.query;
    if (from === undefined && to === undefined) return true;
    return createdUtc !== null && createdUtc >= this.fromSecond && createdUtc < this.toSecond;
  }
}

function noObjects(path: string): TitlesmithError {
  return new TitlesmithError(`Cannot read ${path}: none of its lines is a JSON object.`, {
    code: 'not-ndjson',
    hint: 'A dump of posts holds one JSON object a line.',
  });
}

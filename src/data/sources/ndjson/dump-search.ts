import { TitlesmithError } from '../../../common/errors.js';
import type { ProgressListener, WorkContext } from '../../../common/progress.js';
import { shownName } from '../../../io/shown-name.js';
import {
  checkColumns,
  checkTimeUnit,
  LineFaults,
  postsForUnit,
  requiredColumns,
  UntimedPosts,
} from '../dump-records.js';
import { isLongEnough, startOfMonth, type TitleQuery } from '../title-source.js';
import { type LinesRead, readDumpLines } from './dump-lines.js';
import { ascii } from './key-search.js';
import { LineFilter, noneWanted, scoresBelow, timesArePlain } from './line-filter.js';
import { LineFault, type Post, parseLine, toPost } from './post.js';
import { comparePosts, TopPosts } from './top-posts.js';

/** Objects of each file that are parsed whatever they hold, to learn which columns there are. */
const sniffedObjects = postsForUnit;

/** What the objects at the beginning of a file hold: their keys, and created_utc of each. */
interface Sniffed {
  readonly keys: Set<string>;
  readonly times: unknown[];
}

/** A line of a file, for messages. */
interface Place {
  readonly path: string;
  readonly line: number;
}

/**
 * Looks for the titles of a question in NDJSON dumps: what queries/top-titles.duckdb.sql says, in one pass that parses
 * only lines which can matter. A line that cannot is looked at no further than its braces.
 */
export class DumpSearch {
  private readonly faults: LineFaults;
  private readonly untimed: UntimedPosts;
  private readonly filter: LineFilter;
  private readonly tops: readonly TopPosts[];
  private readonly topOf: ReadonlyMap<string, TopPosts>;
  private readonly seen = new Set<string>();
  private readonly isBounded: boolean;
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
    this.untimed = new UntimedPosts(strict);
    this.filter = new LineFilter(names);
    this.tops = names.map(() => new TopPosts(query.limit));
    this.isBounded = query.from !== undefined || query.to !== undefined;
    this.topOf = new Map(names.map((name, index) => [name, this.tops[index]!]));
    this.fromSecond = query.from === undefined ? Number.NEGATIVE_INFINITY : startOfMonth(query.from, 0);
    this.toSecond = query.to === undefined ? Number.POSITIVE_INFINITY : startOfMonth(query.to, 1);
  }

  /**
   * Reads one dump.
   * @throws TitlesmithError when it is none, lacks columns, has times in another unit than seconds, or cannot be read.
   */
  async readFile(path: string, read: LinesRead, context: WorkContext): Promise<void> {
    const required = requiredColumns(this.query);
    const sniffed: Sniffed = { keys: new Set(), times: [] };
    let lines = 0;
    let isChecked = false;
    const check = (): void => {
      if (isChecked) return;
      isChecked = true;
      checkColumns(path, sniffed.keys, required);
      checkTimeUnit(path, sniffed.times);
    };
    await readDumpLines(
      path,
      {
        onLine: (bytes, start, end, line) => {
          lines += 1;
          try {
            this.take(bytes, start, end, sniffed, { path, line });
          } catch (error) {
            if (!(error instanceof LineFault)) throw error;
            this.faults.add(path, line, error.message);
          }
        },
        onTooLong: (line) => this.faults.add(path, line, 'longer than 16 MiB'),
        isEnough: () => {
          if (sniffed.times.length >= sniffedObjects) check();
          return false;
        },
      },
      read,
      context,
    );
    if (sniffed.times.length > 0) check();
    else if (lines > 0) throw noObjects(path);
  }

  /** Reports the lines and posts that were left out. */
  report(onProgress: ProgressListener): void {
    this.faults.report(onProgress);
    this.untimed.report(onProgress);
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

  private take(bytes: Buffer, start: number, end: number, sniffed: Sniffed, place: Place): void {
    if (bytes[start] !== ascii.braceOpen) throw new LineFault('not a JSON object');
    if (bytes[end - 1] !== ascii.braceClose) throw new LineFault('cut short');
    const sniffing = sniffed.times.length < sniffedObjects;
    if (!sniffing && !this.strict && !this.mayMatter(bytes, start, end)) return;
    const object = parseLine(bytes, start, end);
    if (sniffing) {
      sniffed.times.push(object['created_utc']);
      for (const key of Object.keys(object)) sniffed.keys.add(key);
    }
    const post = toPost(object);
    if (post) this.takePost(post, object['created_utc'], place);
  }

  private mayMatter(bytes: Buffer, start: number, end: number): boolean {
    const wanted = this.filter.subredditOf(bytes, start, end);
    if (wanted === noneWanted) return false;
    const bound = this.tops[wanted]?.scoreBound;
    if (bound === undefined || !scoresBelow(bytes, start, end, bound)) return true;
    // A post whose month nobody can tell is counted whatever its score.
    return this.isBounded && !timesArePlain(bytes, start, end);
  }

  private takePost(post: Post, time: unknown, { path, line }: Place): void {
    const name = post.subreddit.toLowerCase();
    // Names are ASCII; lower case alone would also take the Kelvin sign for a k.
    const top = /^[\x21-\x7e]*$/.test(post.subreddit) ? this.topOf.get(name) : undefined;
    if (top === undefined) return;
    this.seen.add(name);
    if (!isLongEnough(post.title, this.query.minLength)) return;
    if (this.isInMonths(post)) top.add(post);
    else if (post.createdUtc === null) this.untimed.add(path, ` line ${line}`, time);
  }

  private isInMonths({ createdUtc }: Post): boolean {
    if (!this.isBounded) return true;
    return createdUtc !== null && createdUtc >= this.fromSecond && createdUtc < this.toSecond;
  }
}

function noObjects(path: string): TitlesmithError {
  return new TitlesmithError(`Cannot read ${shownName(path)}: none of its lines is a JSON object.`, {
    code: 'not-ndjson',
    hint: 'A dump of posts holds one JSON object a line.',
  });
}

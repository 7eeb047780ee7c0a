import { basename } from 'node:path';
import { TitlesmithError } from '../../common/errors.js';
import type { ProgressListener } from '../../common/progress.js';
import { shownName } from '../../io/shown-name.js';
import { otherTimeUnit } from './post-values.js';
import type { TitleQuery } from './title-source.js';

/** The columns of a Reddit post that the queries read. */
export const postColumns = ['title', 'subreddit', 'score', 'created_utc', 'id'] as const;
export type PostColumn = (typeof postColumns)[number];

/** The columns that a question cannot do without. */
export function requiredColumns({ from, to }: TitleQuery): readonly PostColumn[] {
  const bounded = from !== undefined || to !== undefined;
  return ['title', 'subreddit', 'score', ...(bounded ? (['created_utc'] as const) : [])];
}

/** @throws TitlesmithError naming the columns that a dump lacks, and those it has. */
export function checkColumns(
  path: string,
  found: ReadonlySet<string>,
  required: readonly PostColumn[],
): void {
  const missing = required.filter((name) => !found.has(name));
  if (missing.length === 0) return;
  const shown = [...found].sort().slice(0, 12);
  const more = found.size > shown.length ? ` and ${found.size - shown.length} more` : '';
  throw new TitlesmithError(
    `${shownName(path)} lacks ${missing.join(', ')}: it has ${shown.join(', ')}${more}.`,
    {
      code: 'missing-columns',
      hint: 'A dump of posts needs title, subreddit, score and, for --from and --to, created_utc.',
    },
  );
}

/** Posts at the beginning of a file by which it is told in which unit its times are. */
export const postsForUnit = 100;

/**
 * Refuses a dump whose times are not in seconds: by them every post would lie in another month, or in none.
 * @param times created_utc of the first posts of the file, as they stand there; null where there is none.
 * @throws TitlesmithError naming the unit, where most of them are in it.
 */
export function checkTimeUnit(path: string, times: readonly unknown[]): void {
  const given = times.filter((time) => time !== null && time !== undefined);
  const other = given.flatMap((time) => {
    const found = otherTimeUnit(time);
    return found ? [{ ...found, time }] : [];
  });
  const [first] = other;
  if (first === undefined || 2 * other.length <= given.length) return;
  throw new TitlesmithError(
    `created_utc of ${shownName(path)} is ${first.unit} (${String(first.time)}), not in seconds since 1970.`,
    { code: 'time-unit', hint: `${first.remedy}, in a copy of the file.` },
  );
}

/** Faulty lines that the warning names one by one. */
const maxShown = 3;

/** Counts the lines or records of dumps that are no posts, and remembers the first few. */
export class LineFaults {
  private readonly shown: string[] = [];
  private count = 0;

  /** @param strict whether the first one ends the work. */
  constructor(private readonly strict: boolean) {}

  /**
   * @param number of the line or record, counted from 1.
   * @throws TitlesmithError at once if `strict`.
   */
  add(path: string, number: number, why: string, unit: 'line' | 'record' = 'line'): void {
    if (this.strict) {
      throw new TitlesmithError(`Cannot read ${shownName(path)}, ${unit} ${number}: ${why}.`, {
        code: 'dump-line',
        hint: 'Mend it or take it out; without --strict it would be left out.',
      });
    }
    this.count += 1;
    if (this.shown.length < maxShown)
      this.shown.push(`${basename(shownName(path))} ${unit} ${number} (${why})`);
  }

  /** Reports their number and the first few as one warning. */
  report(onProgress: ProgressListener): void {
    if (this.count === 0) return;
    const more = this.count - this.shown.length;
    const where = `${this.shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    const which = this.count === 1 ? 'line that is no post was' : 'lines that are no posts were';
    onProgress({ kind: 'warning', message: `${this.count} ${which} left out: ${where}` });
  }
}

/** Most characters shown of a time that cannot be read. */
const maxTimeShown = 40;

/** Counts the posts that are left out as nobody can tell their month, and remembers the first few. */
export class UntimedPosts {
  private readonly shown: string[] = [];
  private count = 0;
  private unnamed = 0;

  /** @param strict whether the first one ends the work. */
  constructor(private readonly strict: boolean) {}

  /**
   * @param place of the post in its file, such as ` line 3`; empty where it is not known.
   * @param time created_utc as it stands there.
   * @param posts how many there are of them.
   * @throws TitlesmithError at once if `strict`.
   */
  add(path: string, place: string, time: unknown, posts = 1): void {
    const isMissing = time === null || time === undefined || time === '';
    const what = isMissing ? 'none' : JSON.stringify(time).slice(0, maxTimeShown);
    if (this.strict) {
      throw new TitlesmithError(
        `Cannot read ${shownName(path)}${place}: created_utc of a post is no time (${what}).`,
        {
          code: 'dump-line',
          hint: 'Mend it, or ask for all months; without --strict it would be left out.',
        },
      );
    }
    this.count += posts;
    if (this.shown.length < maxShown) this.shown.push(`${basename(shownName(path))}${place} (${what})`);
    else this.unnamed += posts;
  }

  /** Reports their number and the first few as one warning. */
  report(onProgress: ProgressListener): void {
    if (this.count === 0) return;
    const which =
      this.count === 1 ? '1 post is left out, as its' : `${this.count} posts are left out, as their`;
    const more = this.unnamed > 0 ? ` and ${this.unnamed} more` : '';
    onProgress({
      kind: 'warning',
      message: `${which} created_utc is no time that can be read: ${this.shown.join(', ')}${more}`,
    });
  }
}

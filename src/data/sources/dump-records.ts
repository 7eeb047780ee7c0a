import { basename } from 'node:path';
import { TitlesmithError } from '../../common/errors.js';
import type { ProgressListener } from '../../common/progress.js';
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
  throw new TitlesmithError(`${path} lacks ${missing.join(', ')}: it has ${shown.join(', ')}${more}.`, {
    code: 'missing-columns',
    hint: 'A dump of posts needs title, subreddit, score and, for --from and --to, created_utc.',
  });
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
      throw new TitlesmithError(`Cannot read ${path}, ${unit} ${number}: ${why}.`, {
        code: 'dump-line',
        hint: 'Mend it or take it out; without --strict it would be left out.',
      });
    }
    this.count += 1;
    if (this.shown.length < maxShown) this.shown.push(`${basename(path)} ${unit} ${number} (${why})`);
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

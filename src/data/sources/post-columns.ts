import { TitlesmithError } from '../../common/errors.js';
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

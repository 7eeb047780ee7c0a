import { usageError } from '../../common/errors.js';
import type { TitleQuery } from './title-source.js';

/** The names asked for, in lower case, each once. @throws TitlesmithError when there is none. */
export function wantedSubreddits(query: TitleQuery, source: string): string[] {
  const names = [...new Set(query.subreddits.map((name) => name.toLowerCase()))];
  if (names.length === 0) {
    throw usageError(`The ${source} source needs the name of a subreddit.`, 'Give one with --subreddit.');
  }
  return names;
}

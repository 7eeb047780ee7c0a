import { TitlesmithError } from '../../common/errors.js';
import { editDistance } from '../../common/nearest-word.js';
import { monthsInWords, type TitleQuery } from './title-source.js';

/** Names that are proposed for one that is not there. */
const maxNames = 10;
/** Mistakes beyond which a name is not taken for a misspelling: two letters swapped are two. */
const maxMistakes = 2;

/**
 * Some of the subreddits asked for have no title; the rows of the others came before this was thrown. It reads as the
 * error of the first of them.
 */
export class MissingSubredditsError extends TitlesmithError {
  /** @param byName what is wrong with each, by its name in lower case. Not empty. */
  constructor(readonly byName: ReadonlyMap<string, TitlesmithError>) {
    const [first] = byName.values();
    super(first?.message ?? 'A subreddit is missing.', {
      code: first?.code ?? 'unknown-subreddit',
      ...(first?.hint ? { hint: first.hint } : {}),
    });
  }
}

/** A subreddit that is there, but has no title that was asked for. `where` names files or tables. */
export function noTitles(wanted: string, where: string, query: TitleQuery): TitlesmithError {
  const asked = `of ${query.minLength} characters or more${monthsInWords(query)}`;
  return new TitlesmithError(`r/${wanted} has no title ${asked} in ${where}.`, {
    code: 'no-titles',
    hint: 'Widen --from and --to, or lower --min-length.',
  });
}

/**
 * A subreddit that is not there, with the names most like it, then those of most posts.
 * @param posts posts of each subreddit, by its name in lower case.
 */
export function unknownSubreddit(
  wanted: string,
  where: string,
  posts: ReadonlyMap<string, number>,
): TitlesmithError {
  const names = [...posts]
    .map(([name, count]) => ({
      name,
      count,
      mistakes: Math.min(editDistance(name, wanted), maxMistakes + 1),
    }))
    .sort((a, b) => a.mistakes - b.mistakes || b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, maxNames)
    .map(({ name }) => name);
  return new TitlesmithError(`There is no r/${wanted} in ${where}.`, {
    code: 'unknown-subreddit',
    hint: names.length > 0 ? `It has posts of ${names.join(', ')}.` : 'It has no posts at all.',
  });
}

import { TitlesmithError } from '../../common/errors.js';
import { editDistance } from '../../common/nearest-word.js';
import { monthsInWords, type TitleQuery } from './title-source.js';

/** Names that are proposed for one that is not there. */
const maxNames = 10;
/** Mistakes beyond which a name is not taken for a misspelling: two letters swapped are two. */
const maxMistakes = 2;
/** Missing names that others are compared with: thousands of them, among as many, would take minutes. */
const maxCompared = 100;

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
 * Subreddits that are not there, each with the names most like it, then those of most posts. Names are compared for the
 * first {@link maxCompared} alone.
 * @param wanted names in lower case.
 * @param posts posts of each subreddit, by its name in lower case.
 */
export function unknownSubreddits(
  wanted: readonly string[],
  where: string,
  posts: ReadonlyMap<string, number>,
): ReadonlyMap<string, TitlesmithError> {
  const byPosts = [...posts]
    .sort(([nameA, countA], [nameB, countB]) => countB - countA || (nameA < nameB ? -1 : 1))
    .map(([name]) => name);
  const errors = wanted.map((name, index): [string, TitlesmithError] => {
    const near = index < maxCompared ? similarNames(name, byPosts) : [];
    const others = byPosts.slice(0, 2 * maxNames).filter((other) => !near.includes(other));
    const names = [...near, ...others].slice(0, maxNames);
    const error = new TitlesmithError(`There is no r/${name} in ${where}.`, {
      code: 'unknown-subreddit',
      hint: names.length > 0 ? `It has posts of ${names.join(', ')}.` : 'It has no posts at all.',
    });
    return [name, error];
  });
  return new Map(errors);
}

/**
 * The error for subreddits without a title.
 * @param missing their names in lower case, and whether they have posts at all.
 * @param known posts of each subreddit, by its name in lower case.
 */
export function missingSubreddits(
  missing: readonly { readonly name: string; readonly seen: boolean }[],
  where: string,
  known: ReadonlyMap<string, number>,
  query: TitleQuery,
): MissingSubredditsError {
  const unseen = missing.filter(({ seen }) => !seen).map(({ name }) => name);
  const unknown = unknownSubreddits(unseen, where, known);
  const errors = missing.map(({ name }): [string, TitlesmithError] => {
    return [name, unknown.get(name) ?? noTitles(name, where, query)];
  });
  return new MissingSubredditsError(new Map(errors));
}

/** The names that `wanted` may be a misspelling of, the nearest first, else in the order given. */
function similarNames(wanted: string, names: readonly string[]): readonly string[] {
  return names
    .filter((name) => Math.abs(name.length - wanted.length) <= maxMistakes)
    .map((name) => ({ name, mistakes: editDistance(name, wanted) }))
    .filter(({ mistakes }) => mistakes <= maxMistakes)
    .sort((a, b) => a.mistakes - b.mistakes)
    .slice(0, maxNames)
    .map(({ name }) => name);
}

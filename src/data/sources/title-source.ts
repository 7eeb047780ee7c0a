import { usageError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { checkArgument, hasKeys, isTexts } from '../../options/call-arguments.js';

/** Which titles are wanted. The same question for every source; the SQL ones bind each value as a parameter. */
export interface TitleQuery {
  /** Names without `r/`, in any letter case. Empty only for a source that knows no subreddits (plain titles). */
  readonly subreddits: readonly string[];
  /** First and last month, `YYYY-MM`, both included; undefined means no bound. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** At most this many titles of each subreddit, the highest scores first. */
  readonly limit: number;
  /** Shortest title asked for, in characters of the raw title. */
  readonly minLength: number;
}

/** One post, as far as it is known. Titles are raw: cleaning comes after. */
export interface SourceRow {
  readonly title: string;
  readonly subreddit?: string;
  readonly score?: number;
  readonly id?: string;
}

/** A place titles come from. Streams: a source never holds its whole answer. */
export interface TitleSource {
  readonly name: 'bigquery' | 'duckdb' | 'csv' | 'sample';
  /** One line for the console and run.json: what is read, and (where it was not named) why. */
  describe(): string;
  /** Identifies the input, so that an unchanged one is not read again: file names, sizes and hashes, or table and project. */
  fingerprint(): Promise<string>;
  /** Rows in the order of the query: score descending, then older first, then id. @throws TitlesmithError */
  rows(query: TitleQuery, context: WorkContext): AsyncIterable<SourceRow>;
}

/** @throws TitlesmithError `usage` when a query has not the form of one. */
export function checkQuery(query: TitleQuery, source: string): void {
  const isQuery = hasKeys(
    "query, such as { subreddits: ['askreddit'], limit: 100, minLength: 8 }",
    'subreddits',
  );
  checkArgument(`the ${source} source`, 'query', query, isQuery);
  checkArgument(`the ${source} source`, 'subreddits', query.subreddits, isTexts);
}

/** The names asked for, in lower case, each once. @throws TitlesmithError when there is none. */
export function requestedSubreddits(query: TitleQuery, source: string): string[] {
  checkQuery(query, source);
  const names = [...new Set(query.subreddits.map((name) => name.toLowerCase()))];
  if (names.length === 0) {
    throw usageError(`The ${source} source needs the name of a subreddit.`, 'Give one with --subreddit.');
  }
  return names;
}

/** Seconds since 1970 at which a month, `YYYY-MM`, or the one `later` months after it begins in UTC. */
export function startOfMonth(month: string, later: number): number {
  const [year, number] = month.split('-').map(Number);
  return Date.UTC(year ?? 0, (number ?? 0) - 1 + later) / 1000;
}

/** The bounds of a query in words: ` from 2013-03 to 2013-05`, or nothing where there is none. */
export function monthsInWords({ from, to }: TitleQuery): string {
  return `${from ? ` from ${from}` : ''}${to ? ` to ${to}` : ''}`;
}

/** Whether a text has so many Unicode characters, as LENGTH counts them in SQL. */
export function isLongEnough(text: string, characters: number): boolean {
  if (text.length < characters) return false;
  return text.length >= 2 * characters || [...text].length >= characters;
}

import type { WorkContext } from '../../common/progress.js';

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

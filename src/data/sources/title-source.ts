import type { WorkContext } from '../../common/progress.js';
import type { TitleQuery } from './title-query.js';

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

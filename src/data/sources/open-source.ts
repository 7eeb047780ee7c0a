import type { BigquerySourceOptions } from './bigquery/bigquery-source.js';
import type { TitleSource } from './title-source.js';

/** What sources are opened with; each takes what it needs. */
interface SourceOptions {
  /** Files and patterns, for duckdb and csv. */
  readonly input?: readonly string[] | undefined;
  /** Fails at the first line of a dump that is no post. */
  readonly strict?: boolean | undefined;
  /** Column of a CSV that holds the titles, by name or number. */
  readonly column?: string | undefined;
  /** Whether a CSV begins with a header; found out where left out. */
  readonly header?: boolean | undefined;
  /** For bigquery: who pays, where, how much. */
  readonly bigquery?: BigquerySourceOptions | undefined;
}

/**
 * Opens a source by name; what it needs is loaded only then.
 * @throws TitlesmithError when its files or credentials are missing.
 */
export async function openSource(name: TitleSource['name'], options: SourceOptions): Promise<TitleSource> {
  const { input = [], column, header, strict, bigquery = {} } = options;
  switch (name) {
    case 'bigquery':
      return (await import('./bigquery/bigquery-source.js')).openBigquerySource(bigquery);
    case 'duckdb':
      return (await import('./dump-source.js')).openDumpSource(input, { strict });
    case 'csv':
      return (await import('./csv-source.js')).openCsvSource(input, { column, header });
    case 'sample':
      return (await import('./dump-source.js')).openSampleSource();
  }
}

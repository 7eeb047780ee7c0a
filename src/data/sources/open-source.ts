import { requireOptionalPackage } from '../../io/optional-package.js';
import {
  type ArgumentCheck,
  type ArgumentRules,
  checkArgument,
  checkArguments,
} from '../../options/call-arguments.js';
import { sourceNames } from '../../options/choices.js';
import { titleOptions } from '../../options/table/titles.js';
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
  /** Whether a CSV begins with a header; `auto`, the default, finds out. */
  readonly header?: boolean | 'auto' | undefined;
  /** Whether double quotes enclose values of a CSV; true where left out. */
  readonly quotes?: boolean | undefined;
  /** For bigquery: who pays, where, how much. */
  readonly bigquery?: BigquerySourceOptions | undefined;
}

const names = sourceNames.filter((name) => name !== 'auto');
const isSourceName: ArgumentCheck = {
  accepts: (value) => names.some((name) => name === value),
  fault: `is none of ${names.join(', ')}`,
  required: true,
};

const rules: ArgumentRules = {
  input: titleOptions.input,
  strict: titleOptions.strict,
  column: titleOptions.column,
  header: titleOptions.header,
  quotes: titleOptions.quotes,
  bigquery: { accepts: (value) => typeof value === 'object' && value !== null, fault: 'is no object' },
};

/** Checks that BigQuery's client is here. @throws TitlesmithError `package-missing` with the command that installs it. */
export function requireBigquery(): void {
  requireOptionalPackage('@google-cloud/bigquery', 'The source bigquery');
}

/**
 * Opens a source by name; what it needs is loaded only then.
 * @throws TitlesmithError when an argument is unknown or wrong, or its files or credentials are missing.
 */
export async function openSource(
  name: TitleSource['name'],
  options: SourceOptions = {},
): Promise<TitleSource> {
  checkArgument('openSource', 'name', name, isSourceName);
  const checked = checkArguments('openSource', options, rules);
  const { input = [], column, header, quotes, strict, bigquery = {} } = checked;
  switch (name) {
    case 'bigquery':
      requireBigquery();
      return (await import('./bigquery/bigquery-source.js')).openBigquerySource(bigquery);
    case 'duckdb':
      return (await import('./dump-source.js')).openDumpSource(input, { strict });
    case 'csv':
      return (await import('./csv-source.js')).openCsvSource(input, {
        column,
        header: header === 'auto' ? undefined : header,
        quotes,
      });
    case 'sample':
      return (await import('./dump-source.js')).openSampleSource();
  }
}

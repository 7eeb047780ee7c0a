import { TitlesmithError } from '../../../common/errors.js';

/** What DuckDB says of a file it cannot read, and what a person can do. The first that matches counts. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /requires too much memory for decoding/,
    'It was compressed with a long window; recompress it: zstd -dc --long=31 FILE | zstd -o NEW_FILE.zst.',
  ],
  [
    /not a GZIP stream|Unknown frame descriptor|No magic bytes|too small to be a Parquet/,
    'Is it of the format its name says?',
  ],
  [
    /CSV/,
    'A CSV of posts has a header, commas between columns and double quotes round values that need them.',
  ],
];

/**
 * A DuckDB error as one line: its message up to the first line break, without the query. Other values pass
 * through.
 * @param file the file that was read, where DuckDB may not name it.
 */
export function duckdbError(error: unknown, file = 'the dumps of posts'): unknown {
  if (error instanceof TitlesmithError || !(error instanceof Error)) return error;
  const [said = ''] = error.message.split('\n');
  const message = said.replace(/^[A-Z][A-Za-z ]*Error: /, '').replace(/[.\s]+$/, '');
  const hint = remedies.find(([pattern]) => pattern.test(error.message))?.[1];
  return new TitlesmithError(`Cannot read ${file}: ${message}.`, {
    code: 'duckdb',
    ...(hint ? { hint } : {}),
    cause: error,
  });
}

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue, listValue } from '@duckdb/node-api';
import { TitlesmithError } from '../../../common/errors.js';

/** Values bound to a query by name. */
type QueryValues = Readonly<Record<string, string | number | bigint | null | readonly string[]>>;
/** One row, by column name; 64-bit integers come as bigint. */
export type QueryRow = Readonly<Record<string, unknown>>;

function toDuckdb(values: QueryValues): Record<string, DuckDBValue> {
  const entries = Object.entries(values).map(([name, value]): [string, DuckDBValue] => {
    return [name, typeof value === 'object' && value !== null ? listValue(value) : value];
  });
  return Object.fromEntries(entries);
}

/** A DuckDB database in memory that reads local files and loads nothing from the network. */
export class Database {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
  ) {}

  static async open(): Promise<Database> {
    const instance = await DuckDBInstance.create(':memory:', {
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      preserve_insertion_order: 'false',
      temp_directory: join(tmpdir(), `titlesmith-duckdb-${process.pid}`),
    });
    return new Database(instance, await instance.connect());
  }

  /**
   * Rows one chunk at a time, as DuckDB makes them.
   * @param file what is read, for the message of a failure.
   * @throws TitlesmithError
   */
  async *stream(sql: string, values: QueryValues = {}, file?: string): AsyncGenerator<QueryRow> {
    try {
      const result = await this.connection.stream(sql, toDuckdb(values));
      for await (const rows of result.yieldRowObjectJs()) yield* rows;
    } catch (error) {
      throw duckdbError(error, file);
    }
  }

  /** All rows of a small answer. @throws TitlesmithError */
  async all(sql: string, values: QueryValues = {}, file?: string): Promise<QueryRow[]> {
    const rows: QueryRow[] = [];
    for await (const row of this.stream(sql, values, file)) rows.push(row);
    return rows;
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

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
    /reached an invalid state/,
    String.raw`Do its lines end in more than one way? Make all end alike: perl -pe 's/\r\n?/\n/g' FILE > NEW_FILE.`,
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
function duckdbError(error: unknown, file = 'the dumps of posts'): unknown {
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

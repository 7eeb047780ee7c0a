import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue, listValue } from '@duckdb/node-api';
import { duckdbError } from './errors.js';

/** Values bound to a query by name. */
export type QueryValues = Readonly<Record<string, string | number | bigint | null | readonly string[]>>;
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

/** Does something with a database that is closed afterwards. */
export async function withDatabase<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
  const database = await Database.open();
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

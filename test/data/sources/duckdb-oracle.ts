import { DuckDBInstance, listValue } from '@duckdb/node-api';
import { valueMacros } from '../../../src/data/sources/duckdb/value-macros.js';
import { readQuery } from '../../../src/data/sources/query-text.js';
import { startOfMonth, type TitleQuery } from '../../../src/data/sources/title-source.js';

/** Runs SQL of the test's own, for example to write a Parquet file. */
export async function duckdb(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

/** The titles that DuckDB itself finds in NDJSON files with queries/top-titles.duckdb.sql, faulty lines left out. */
export async function titlesByDuckdb(files: readonly string[], query: TitleQuery): Promise<string[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const columns = ['title', 'subreddit', 'score', 'created_utc', 'id'].map((name) => `${name}: 'VARCHAR'`);
  await connection.run(
    `CREATE TEMP MACRO posts(files) AS TABLE SELECT * FROM read_json(files, format = 'newline_delimited',
      records = true, ignore_errors = true, columns = {${columns.join(', ')}})`,
  );
  for (const sql of valueMacros) await connection.run(sql);
  const result = await connection.runAndReadAll(await readQuery('top-titles.duckdb.sql'), {
    files: listValue([...files]),
    subreddits: listValue(query.subreddits.map((name) => name.toLowerCase())),
    from_second: query.from === undefined ? null : startOfMonth(query.from, 0),
    to_second: query.to === undefined ? null : startOfMonth(query.to, 1),
    min_length: query.minLength,
    title_limit: query.limit,
  });
  const titles = result.getRowObjectsJS().map(({ title }) => String(title));
  connection.closeSync();
  instance.closeSync();
  return titles;
}

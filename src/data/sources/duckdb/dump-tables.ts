import { TitlesmithError } from '../../../common/errors.js';
import { readDecompressed } from '../../../io/compression/compressed-file.js';
import { parseCsv } from '../../../io/csv.js';
import { shownName } from '../../../io/shown-name.js';
import { checkColumns, checkTimeUnit, type PostColumn, postColumns, postsForUnit } from '../dump-records.js';
import type { Database } from './database.js';
import { quoteText, valueMacros } from './value-macros.js';

/** The formats that DuckDB reads here. */
export type TableFormat = 'csv' | 'parquet';

/** Dumps that were looked at: all of one format, every needed column there. */
export interface Dumps {
  readonly format: TableFormat;
  readonly files: readonly { readonly path: string; readonly columns: readonly Column[] }[];
}

/** A column of a dump. */
interface Column {
  readonly name: string;
  /** Whether it is a time that knows its zone, which DuckDB would write in the zone of this machine. */
  readonly isZoned: boolean;
}

const sameFolderMeansNothing = 'hive_partitioning = false';
const csvOptions = `auto_detect = false, header = true, delim = ',', quote = '"', escape = '"'`;

const parquetReader = (file: string): string =>
  `read_parquet(${file}, binary_as_string = true, ${sameFolderMeansNothing})`;

/** A path as a pattern that matches only itself. */
function literal(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

/** A name as an SQL identifier. */
const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A column's name as it is compared. */
const plainName = ({ name }: Column): string => name.trim().toLowerCase();

/** The names in the first record of a CSV; none where it is empty. Faults after it are reported when it is read in full. */
async function csvColumns(path: string): Promise<readonly Column[]> {
  const decoder = new TextDecoder();
  async function* text(): AsyncGenerator<string> {
    for await (const chunk of readDecompressed(path)) yield decoder.decode(chunk, { stream: true });
  }
  for await (const record of parseCsv(text(), shownName(path)))
    return record.map((name) => ({ name, isZoned: false }));
  return [];
}

async function parquetColumns(database: Database, path: string): Promise<readonly Column[]> {
  const sql = `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${parquetReader('$file')})`;
  const rows = await database.all(sql, { file: literal(path) }, path);
  return rows.map(({ column_name, column_type }) => ({
    name: String(column_name),
    isZoned: column_type === 'TIMESTAMP WITH TIME ZONE',
  }));
}

/** @throws TitlesmithError where two columns have one name, so that it is not clear which is meant. */
function checkNames(path: string, names: readonly string[]): void {
  const twice = postColumns.find((wanted) => names.filter((name) => name === wanted).length > 1);
  if (twice === undefined) return;
  throw new TitlesmithError(`${shownName(path)} has two columns called ${twice}.`, {
    code: 'double-column',
    hint: 'Rename one of them.',
  });
}

/**
 * Looks at every dump before any is read in full.
 * @param required the columns a query cannot do without.
 * @throws TitlesmithError naming the file that is not of its format or lacks a column.
 */
export async function openDumps(
  database: Database,
  format: TableFormat,
  paths: readonly string[],
  required: readonly PostColumn[],
): Promise<Dumps> {
  const files: Dumps['files'][number][] = [];
  for (const path of paths) {
    const columns = format === 'csv' ? await csvColumns(path) : await parquetColumns(database, path);
    const names = columns.map(plainName);
    checkNames(path, names);
    checkColumns(path, new Set(names), required);
    files.push({ path, columns });
  }
  return { format, files };
}

/** The columns of a CSV, all as text; names that stand twice or are empty are made up, as nobody asks for them. */
function csvTypes(columns: readonly Column[]): string {
  const taken = new Set<string>();
  const named = columns.map((column, index) => {
    const name = plainName(column);
    const unique = name === '' || taken.has(name) ? `column ${index}` : name;
    taken.add(unique);
    return `${quoteText(unique)}: 'VARCHAR'`;
  });
  return `{${named.join(', ')}}`;
}

/** What becomes of a faulty record of a CSV: it ends the reading, is left out, or is put into the table reject_errors too. */
type FaultyRecords = 'fail' | 'ignore' | 'store';

const faultOptions: Readonly<Record<FaultyRecords, string>> = {
  fail: '',
  ignore: ', ignore_errors = true',
  store: ', ignore_errors = true, store_rejects = true, rejects_limit = 0',
};

/** @param file an SQL expression for its path. */
function readerOf(
  format: TableFormat,
  columns: readonly Column[],
  file: string,
  faulty: FaultyRecords,
): string {
  if (format === 'parquet') return parquetReader(file);
  const types = csvTypes(columns);
  return `read_csv(${file}, ${csvOptions}, columns = ${types}, ${sameFolderMeansNothing}${faultOptions[faulty]})`;
}

/** A column of a post as text in SQL: NULL where the dump lacks it, times in UTC. */
function textOf(format: TableFormat, columns: readonly Column[], wanted: PostColumn): string {
  const column = columns.find((one) => plainName(one) === wanted);
  if (column === undefined) return 'NULL::VARCHAR';
  const value = quoteName(format === 'csv' ? wanted : column.name);
  return `CAST(${column.isZoned ? `make_timestamp(epoch_us(${value}))` : value} AS VARCHAR)`;
}

/**
 * Looks at the times of the first posts of every dump.
 * @throws TitlesmithError when they are in another unit than seconds.
 */
async function checkTimes(database: Database, { format, files }: Dumps): Promise<void> {
  // The first posts of a file are the same in every call only if their order is kept.
  await database.all('SET preserve_insertion_order = true');
  for (const { path, columns } of files) {
    const time = textOf(format, columns, 'created_utc');
    const reader = readerOf(format, columns, '$file', 'ignore');
    const sql = `SELECT ${time} AS created_utc FROM ${reader} LIMIT ${postsForUnit}`;
    const rows = await database.all(sql, { file: literal(path) }, path);
    checkTimeUnit(
      path,
      rows.map(({ created_utc }) => created_utc),
    );
  }
  await database.all('SET preserve_insertion_order = false');
}

/**
 * Defines what the queries read with: the table macro posts(files), which gives the five columns as text, NULL where not
 * there, and the number of the file, from 1; and the macros for values. Each file is read by its own columns.
 * @throws TitlesmithError when the times of a file are in another unit than seconds.
 */
export async function definePosts(database: Database, dumps: Dumps, strict: boolean): Promise<void> {
  await checkTimes(database, dumps);
  for (const sql of valueMacros) await database.all(sql);
  const { format, files } = dumps;
  const selects = files.map(({ columns }, index) => {
    const selected = postColumns.map((wanted) => `${textOf(format, columns, wanted)} AS ${wanted}`);
    const reader = readerOf(format, columns, `files[${index + 1}]`, strict ? 'fail' : 'store');
    return `SELECT ${selected.join(', ')}, ${index + 1} AS file FROM ${reader}`;
  });
  await database.all(`CREATE OR REPLACE TEMP MACRO posts(files) AS TABLE ${selects.join(' UNION ALL ')}`);
}

/** The value of `$files`: paths that match only themselves. */
export function filesParameter({ files }: Dumps): string[] {
  return files.map(({ path }) => literal(path));
}

/** A record of a CSV that could not be read. */
interface RejectedRecord {
  readonly path: string;
  /** Counted from 1, the header included. */
  readonly record: number;
  readonly why: string;
}

/** What was wrong with a record, by DuckDB's name for it. */
const whyRejected: Readonly<Record<string, string>> = {
  'MISSING COLUMNS': 'too few values',
  'TOO MANY COLUMNS': 'too many values',
  'UNQUOTED VALUE': 'a quote not closed, or text behind it',
  'INVALID ENCODING': 'not UTF-8',
  'LINE SIZE OVER MAXIMUM': 'longer than 2 MB',
};

/** The records that a query over CSV dumps left out, in the order of files and records. */
export async function* rejectedRecords(database: Database): AsyncGenerator<RejectedRecord> {
  const sql = `SELECT DISTINCT file_path, line, first(error_type) AS error_type
    FROM reject_errors JOIN reject_scans USING (scan_id, file_id) GROUP BY file_path, line ORDER BY file_path, line`;
  for await (const { file_path, line, error_type } of database.stream(sql)) {
    const type = String(error_type);
    yield { path: String(file_path), record: Number(line), why: whyRejected[type] ?? type.toLowerCase() };
  }
}

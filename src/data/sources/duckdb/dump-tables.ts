import { TitlesmithError } from '../../../common/errors.js';
import { readDecompressed } from '../../../io/compression/compressed-file.js';
import { parseCsv } from '../../../io/csv.js';
import { checkColumns, type PostColumn, postColumns } from '../dump-records.js';
import type { Database } from './database.js';

/** The formats that DuckDB reads here. */
export type TableFormat = 'csv' | 'parquet';

/** Dumps that were looked at: all of one format, every needed column there. */
export interface Dumps {
  readonly format: TableFormat;
  readonly files: readonly { readonly path: string; readonly columns: readonly string[] }[];
}

const sameFolderMeansNothing = 'hive_partitioning = false';
const csvOptions = `auto_detect = false, header = true, delim = ',', quote = '"', escape = '"'`;

/** A path as a pattern that matches only itself. */
function literal(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

/** A text as an SQL literal, a name as an identifier. */
const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The names in the first record of a CSV; none where it is empty. Faults after it are reported when it is read in full. */
async function csvColumnNames(path: string): Promise<readonly string[]> {
  const decoder = new TextDecoder();
  async function* text(): AsyncGenerator<string> {
    for await (const chunk of readDecompressed(path)) yield decoder.decode(chunk, { stream: true });
  }
  for await (const record of parseCsv(text(), path)) return record;
  return [];
}

async function parquetColumnNames(database: Database, path: string): Promise<readonly string[]> {
  const sql = 'SELECT name FROM parquet_schema($file) WHERE num_children IS NULL';
  const rows = await database.all(sql, { file: literal(path) }, path);
  return rows.map(({ name }) => String(name));
}

/** @throws TitlesmithError where two columns have one name, so that it is not clear which is meant. */
function checkNames(path: string, columns: readonly string[]): void {
  const names = columns.map((name) => name.trim().toLowerCase());
  const twice = postColumns.find((wanted) => names.filter((name) => name === wanted).length > 1);
  if (twice === undefined) return;
  throw new TitlesmithError(`${path} has two columns called ${twice}.`, {
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
    const columns = format === 'csv' ? await csvColumnNames(path) : await parquetColumnNames(database, path);
    checkNames(path, columns);
    checkColumns(path, new Set(columns.map((name) => name.trim().toLowerCase())), required);
    files.push({ path, columns });
  }
  return { format, files };
}

/** The columns of a CSV, all as text; names that stand twice or are empty are made up, as nobody asks for them. */
function csvColumns(columns: readonly string[]): string {
  const taken = new Set<string>();
  const named = columns.map((original, index) => {
    const name = original.trim().toLowerCase();
    const unique = name === '' || taken.has(name) ? `column ${index}` : name;
    taken.add(unique);
    return `${quoteText(unique)}: 'VARCHAR'`;
  });
  return `{${named.join(', ')}}`;
}

/** @param strict whether a faulty record ends the reading; else it is put into the table reject_errors. */
function readerOf(format: TableFormat, columns: readonly string[], index: number, strict: boolean): string {
  const file = `files[${index + 1}]`;
  if (format === 'parquet') {
    return `read_parquet(${file}, binary_as_string = true, ${sameFolderMeansNothing})`;
  }
  const faults = strict ? '' : ', ignore_errors = true, store_rejects = true, rejects_limit = 0';
  return `read_csv(${file}, ${csvOptions}, columns = ${csvColumns(columns)}, ${sameFolderMeansNothing}${faults})`;
}

/**
 * Defines the table macro posts(files) that the queries read from: the five columns as text, NULL where not
 * there. Each file is read by its own columns.
 */
export async function definePosts(
  database: Database,
  { format, files }: Dumps,
  strict: boolean,
): Promise<void> {
  const selects = files.map(({ columns }, index) => {
    const selected = postColumns.map((wanted) => {
      const name = columns.find((one) => one.trim().toLowerCase() === wanted);
      if (name === undefined) return `NULL::VARCHAR AS ${wanted}`;
      return `CAST(${quoteName(format === 'csv' ? wanted : name)} AS VARCHAR) AS ${wanted}`;
    });
    return `SELECT ${selected.join(', ')} FROM ${readerOf(format, columns, index, strict)}`;
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

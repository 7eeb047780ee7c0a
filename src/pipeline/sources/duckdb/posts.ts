import { TitlesmithError } from '../../../common/errors.js';
import { type Database, withDatabase } from './database.js';
import { commonFormat, type DumpFormat } from './dump-format.js';

/** The columns of a Reddit post that the queries read. */
export const postColumns = ['title', 'subreddit', 'score', 'created_utc', 'id'] as const;
export type PostColumn = (typeof postColumns)[number];

/** Dumps that were looked at: all of one format, every needed column there. */
export interface Dumps {
  readonly format: DumpFormat;
  readonly files: readonly string[];
  /** The post columns that at least one file has. */
  readonly columns: ReadonlySet<PostColumn>;
}

/** Rows from whose keys the columns of an NDJSON file are taken. */
const sniffedRows = 1000;
const csvOptions = `header = true, all_varchar = true, delim = ',', quote = '"', escape = '"'`;

const columnQueries: Readonly<Record<DumpFormat, string>> = {
  ndjson: `SELECT DISTINCT unnest(json_keys(json)) AS name
    FROM (SELECT json FROM read_ndjson_objects($files) LIMIT ${sniffedRows})`,
  csv: `SELECT column_name AS name FROM (DESCRIBE SELECT * FROM read_csv($files, ${csvOptions}))`,
  parquet: 'SELECT name FROM parquet_schema($files) WHERE num_children IS NULL',
};

/** A path as a pattern that matches only itself. */
function literal(file: string): string {
  return file.replace(/[*?[]/g, '[$&]');
}

async function columnsOf(database: Database, format: DumpFormat, file: string): Promise<Set<string>> {
  const rows = await database.all(columnQueries[format], { files: literal(file) }, file);
  return new Set(rows.map(({ name }) => String(name).toLowerCase()));
}

/**
 * Looks at every dump before any is read in full.
 * @param required the columns a query cannot do without.
 * @throws TitlesmithError naming the file that is not of its format or lacks a column.
 */
export async function openDumps(
  database: Database,
  files: readonly string[],
  required: readonly PostColumn[],
): Promise<Dumps> {
  const format = commonFormat(files);
  const columns = new Set<PostColumn>();
  for (const file of files) {
    const found = await columnsOf(database, format, file);
    // An NDJSON file without any object is an empty month, not a wrong file.
    if (found.size === 0 && format === 'ndjson') continue;
    const missing = required.filter((name) => !found.has(name));
    if (missing.length > 0) {
      throw new TitlesmithError(`${file} lacks ${missing.join(', ')}: it has ${namesInWords(found)}.`, {
        code: 'missing-columns',
        hint: 'A dump of posts needs title, subreddit, score and, for --from and --to, created_utc.',
      });
    }
    for (const name of postColumns) if (found.has(name)) columns.add(name);
  }
  return { format, files, columns };
}

function namesInWords(names: ReadonlySet<string>): string {
  const shown = [...names].sort().slice(0, 12);
  return `${shown.join(', ')}${names.size > shown.length ? ` and ${names.size - shown.length} more` : ''}`;
}

/**
 * Defines the table macro posts(files) that the queries read from: the five columns as text, NULL where not
 * there.
 */
export async function definePosts(database: Database, { format, columns }: Dumps): Promise<void> {
  const reader: Readonly<Record<DumpFormat, string>> = {
    ndjson: `read_json(files, format = 'newline_delimited', records = true, columns = {${postColumns
      .map((name) => `${name}: 'VARCHAR'`)
      .join(', ')}})`,
    csv: `read_csv(files, ${csvOptions}, union_by_name = true)`,
    parquet: 'read_parquet(files, union_by_name = true)',
  };
  const selected = postColumns.map((name) => {
    return columns.has(name) || format === 'ndjson'
      ? `CAST(${name} AS VARCHAR) AS ${name}`
      : `NULL::VARCHAR AS ${name}`;
  });
  await database.all(
    `CREATE OR REPLACE TEMP MACRO posts(files) AS TABLE SELECT ${selected.join(', ')} FROM ${reader[format]}`,
  );
}

/** The value of `$files`: paths that match only themselves. */
export function filesParameter({ files }: Dumps): string[] {
  return files.map(literal);
}

/** The files that match a pattern (`*`, `?`, `[…]`, `**`), sorted; none where nothing does. */
export async function expandPattern(pattern: string): Promise<string[]> {
  const rows = await withDatabase((database) =>
    database.all('SELECT file FROM glob($pattern) ORDER BY file', { pattern }),
  );
  return rows.map(({ file }) => String(file));
}

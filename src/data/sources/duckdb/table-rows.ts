import type { WorkContext } from '../../../common/progress.js';
import { LineFaults, requiredColumns, UntimedPosts } from '../dump-records.js';
import { filesInWords } from '../input-files.js';
import { MissingSubredditsError, noTitles, unknownSubreddits } from '../missing-subreddits.js';
import { readQuery } from '../query-text.js';
import { type SourceRow, startOfMonth, type TitleQuery } from '../title-source.js';
import { Database, type QueryRow } from './database.js';
import {
  type Dumps,
  definePosts,
  filesParameter,
  openDumps,
  rejectedRecords,
  type TableFormat,
} from './dump-tables.js';

/**
 * The titles of a question in CSV or Parquet dumps, asked with `queries/top-titles.duckdb.sql`. Faulty records of a CSV
 * are counted and reported as one warning.
 * @param names subreddits in lower case, each once.
 * @param strict fails at a faulty record.
 * @throws TitlesmithError when a file cannot be read; MissingSubredditsError after the rows of the others.
 */
export async function* tableRows(
  format: TableFormat,
  files: readonly string[],
  names: readonly string[],
  query: TitleQuery,
  { strict }: { readonly strict: boolean },
  context: WorkContext,
): AsyncGenerator<SourceRow> {
  const database = await Database.open();
  try {
    const dumps = await openDumps(database, format, files, requiredColumns(query));
    await definePosts(database, dumps, strict);
    if (query.from !== undefined || query.to !== undefined) {
      await reportUntimed(database, dumps, names, query, strict, context);
    }
    const missing = new Set(names);
    const values = {
      files: filesParameter(dumps),
      subreddits: names,
      from_second: query.from === undefined ? null : startOfMonth(query.from, 0),
      to_second: query.to === undefined ? null : startOfMonth(query.to, 1),
      min_length: query.minLength,
      title_limit: query.limit,
    };
    const sql = await readQuery('top-titles.duckdb.sql');
    for await (const row of database.stream(sql, values, filesInWords(files))) {
      const found = toSourceRow(row);
      missing.delete(found.subreddit.toLowerCase());
      yield found;
    }
    if (format === 'csv' && !strict) await reportRejected(database, context);
    if (missing.size > 0) throw await missingError(database, dumps, missing, query);
  } finally {
    database.close();
  }
}

function toSourceRow({ title, subreddit, score, id }: QueryRow): SourceRow & { subreddit: string } {
  return {
    title: String(title),
    subreddit: String(subreddit),
    ...(score === null ? {} : { score: Number(score) }),
    ...(id === null ? {} : { id: String(id) }),
  };
}

async function reportRejected(database: Database, { onProgress }: WorkContext): Promise<void> {
  const faults = new LineFaults(false);
  for await (const { path, record, why } of rejectedRecords(database))
    faults.add(path, record, why, 'record');
  faults.report(onProgress);
}

/** Counts the posts whose month nobody can tell, in a pass of its own over three columns. */
async function reportUntimed(
  database: Database,
  dumps: Dumps,
  subreddits: readonly string[],
  { minLength }: TitleQuery,
  strict: boolean,
  { onProgress }: WorkContext,
): Promise<void> {
  const untimed = new UntimedPosts(strict);
  const sql = await readQuery('untimed-posts.duckdb.sql');
  const values = { files: filesParameter(dumps), subreddits, min_length: minLength };
  for await (const { file, created_utc, posts } of database.stream(sql, values)) {
    untimed.add(dumps.files[Number(file) - 1]?.path ?? '', '', created_utc, Number(posts));
  }
  untimed.report(onProgress);
}

async function missingError(
  database: Database,
  dumps: Dumps,
  missing: ReadonlySet<string>,
  query: TitleQuery,
): Promise<MissingSubredditsError> {
  const sql = await readQuery('known-subreddits.duckdb.sql');
  const known = new Map<string, number>();
  for await (const { name, posts } of database.stream(sql, { files: filesParameter(dumps) })) {
    known.set(String(name), Number(posts));
  }
  const where = filesInWords(dumps.files.map(({ path }) => path));
  const unknown = unknownSubreddits(
    [...missing].filter((name) => !known.has(name)),
    where,
    known,
  );
  return new MissingSubredditsError(
    new Map([...missing].map((name) => [name, unknown.get(name) ?? noTitles(name, where, query)])),
  );
}

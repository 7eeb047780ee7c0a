import { TitlesmithError } from '../../../common/errors.js';
import type { SourceRow, TitleQuery, TitleSource } from '../contract.js';
import { filesInWords, fingerprintFiles, resolveInputFiles } from '../input-files.js';
import { readQuery } from '../query-file.js';
import { monthsInWords, wantedSubreddits } from '../subreddit-name.js';
import { Database, type QueryRow } from './database.js';
import { commonFormat } from './dump-format.js';
import {
  type Dumps,
  definePosts,
  expandPattern,
  filesParameter,
  openDumps,
  type PostColumn,
} from './posts.js';

/** How a source over dumps shows itself. */
export interface DumpSourceOptions {
  readonly name: 'duckdb' | 'sample';
  /** One line, without folders. */
  readonly description: string;
}

/**
 * Dumps of Reddit posts (NDJSON, CSV, Parquet; `.gz`, `.zst`), asked with `queries/top-titles.duckdb.sql`.
 * @param paths files or patterns.
 * @throws TitlesmithError when a file is not there, nothing matches, or formats are mixed.
 */
export async function openDuckdbSource(paths: readonly string[]): Promise<TitleSource> {
  const files = await resolveInputFiles('duckdb', paths, expandPattern);
  return dumpSource(files, { name: 'duckdb', description: `dumps of posts: ${filesInWords(files)}` });
}

/** A source over the given files, which must be there. @throws TitlesmithError when formats are mixed. */
export function dumpSource(files: readonly string[], { name, description }: DumpSourceOptions): TitleSource {
  commonFormat(files);
  return {
    name,
    describe: () => description,
    fingerprint: async () => `${name}\n${await fingerprintFiles(files)}`,
    rows: (query) => dumpRows(name, files, query),
  };
}

async function* dumpRows(
  name: TitleSource['name'],
  files: readonly string[],
  query: TitleQuery,
): AsyncGenerator<SourceRow> {
  const subreddits = wantedSubreddits(query, name);
  const bounded = query.from !== undefined || query.to !== undefined;
  const required: PostColumn[] = [
    'title',
    'subreddit',
    'score',
    ...(bounded ? (['created_utc'] as const) : []),
  ];
  const database = await Database.open();
  try {
    const dumps = await openDumps(database, files, required);
    await definePosts(database, dumps);
    const missing = new Set(subreddits);
    const sql = await readQuery('top-titles.duckdb.sql');
    const values = {
      files: filesParameter(dumps),
      subreddits,
      from_second: query.from === undefined ? null : startOfMonth(query.from, 0),
      to_second: query.to === undefined ? null : startOfMonth(query.to, 1),
      min_length: query.minLength,
      title_limit: query.limit,
    };
    for await (const row of database.stream(sql, values, filesInWords(files))) {
      const found = toSourceRow(row);
      missing.delete(found.subreddit.toLowerCase());
      yield found;
    }
    const [wanted] = missing;
    if (wanted !== undefined) throw await nothingFound(database, dumps, wanted, query);
  } finally {
    database.close();
  }
}

/** Seconds since 1970 at which a month, `YYYY-MM`, or the one `later` months after it begins in UTC. */
function startOfMonth(month: string, later: number): number {
  const [year, number] = month.split('-').map(Number);
  return Date.UTC(year ?? 0, (number ?? 0) - 1 + later) / 1000;
}

function toSourceRow({ title, subreddit, score, id }: QueryRow): SourceRow & { subreddit: string } {
  return {
    title: String(title),
    subreddit: String(subreddit),
    ...(score === null ? {} : { score: Number(score) }),
    ...(id === null ? {} : { id: String(id) }),
  };
}

async function nothingFound(
  database: Database,
  dumps: Dumps,
  wanted: string,
  query: TitleQuery,
): Promise<TitlesmithError> {
  const known = await database.all(await readQuery('known-subreddits.duckdb.sql'), {
    files: filesParameter(dumps),
    wanted,
  });
  const where = filesInWords(dumps.files);
  const names = known.map(({ name }) => String(name));
  if (names[0] === wanted) {
    const asked = `of ${query.minLength} characters or more${monthsInWords(query)}`;
    const message = `r/${wanted} has no title ${asked} in ${where}.`;
    return new TitlesmithError(message, { code: 'no-titles', hint: 'Widen --from and --to.' });
  }
  return new TitlesmithError(`There is no r/${wanted} in ${where}.`, {
    code: 'unknown-subreddit',
    hint: names.length > 0 ? `It has posts of ${names.join(', ')}.` : 'It has no posts at all.',
  });
}

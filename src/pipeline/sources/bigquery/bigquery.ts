import { TitlesmithError, usageError } from '../../../common/errors.js';
import type { SourceRow, TitleQuery, TitleSource } from '../contract.js';
import { monthsInWords } from '../months.js';
import { readQuery } from '../query-file.js';
import { wantedSubreddits } from '../subreddit-name.js';
import { type BigqueryRow, runQuery } from './client.js';

/** The posts table family that the query file names. */
export const postsDataset = 'fh-bigquery.reddit_posts';

const gibibyte = 2 ** 30;

/**
 * The bound on what one query may bill: about twice the article's 28 months, and a tenth of a month's free
 * TiB.
 */
export const defaultMaximumBytesBilled = 100 * gibibyte;

export interface BigquerySourceOptions {
  /** Google Cloud project that pays for the query; the credentials' own where left out. */
  readonly project?: string | undefined;
  /** Where the monthly tables lie, `project.dataset`, for a copy of them. */
  readonly dataset?: string | undefined;
  readonly maximumBytesBilled?: number | undefined;
}

/** A `project.dataset` that may stand between backticks in a query. @throws TitlesmithError */
export function checkDataset(dataset: string): string {
  if (/^[a-z][a-z0-9-]{4,28}[a-z0-9]\.[A-Za-z0-9_]{1,1024}$/.test(dataset)) return dataset;
  throw usageError(
    `${JSON.stringify(dataset)} is not a dataset of BigQuery.`,
    'Write it as project.dataset.',
  );
}

/**
 * Reddit posts in BigQuery, asked with `queries/top-titles.bigquery.sql`. Credentials are looked for on the
 * first row.
 * @throws TitlesmithError when project or dataset is not a valid name.
 */
export function openBigquerySource(options: BigquerySourceOptions): TitleSource {
  const dataset = checkDataset(options.dataset ?? postsDataset);
  const { project, maximumBytesBilled = defaultMaximumBytesBilled } = options;
  if (project !== undefined && !/^[a-z0-9.:-]{1,100}$/.test(project)) {
    throw usageError(
      `--project got ${JSON.stringify(project)}, which is not the id of a Google Cloud project.`,
    );
  }
  return {
    name: 'bigquery',
    describe: () => `BigQuery ${dataset}`,
    fingerprint: async () => `bigquery ${dataset} ${project ?? ''}`,
    rows: (query) => bigqueryRows(query, { dataset, project, maximumBytesBilled }),
  };
}

async function* bigqueryRows(
  query: TitleQuery,
  settings: { dataset: string; project: string | undefined; maximumBytesBilled: number },
): AsyncGenerator<SourceRow> {
  const { dataset, ...jobOptions } = settings;
  const subreddits = wantedSubreddits(query, 'bigquery');
  const sql = (await readQuery('top-titles.bigquery.sql')).replaceAll(
    `\`${postsDataset}.*\``,
    `\`${dataset}.*\``,
  );
  const missing = new Set(subreddits);
  const values = {
    subreddits,
    // Unbounded months still leave out tables that are not of one month.
    from_month: tableOfMonth(query.from ?? '2005-06'),
    to_month: tableOfMonth(query.to ?? '2099-12'),
    min_length: query.minLength,
    title_limit: query.limit,
  };
  for await (const row of runQuery(sql, values, jobOptions)) {
    const found = toSourceRow(row);
    missing.delete(found.subreddit.toLowerCase());
    yield found;
  }
  const [wanted] = missing;
  if (wanted === undefined) return;
  const asked = `of ${query.minLength} characters or more${monthsInWords(query)}`;
  const message = `BigQuery ${dataset} has no title in r/${wanted} ${asked}.`;
  throw new TitlesmithError(message, {
    code: 'unknown-subreddit',
    hint: 'Check the name of the subreddit, --from and --to.',
  });
}

/** `2019-03` → `2019_03`. */
function tableOfMonth(month: string): string {
  return month.replace('-', '_');
}

function toSourceRow({ title, subreddit, score, id }: BigqueryRow): SourceRow & { subreddit: string } {
  return {
    title: String(title),
    subreddit: String(subreddit),
    ...(score === null ? {} : { score: Number(score) }),
    ...(id === null ? {} : { id: String(id) }),
  };
}

import { type TitlesmithError, usageError } from '../../../common/errors.js';
import type { WorkContext } from '../../../common/progress.js';
import type { RetryPolicy } from '../../../common/retry.js';
import { titleOptions } from '../../../options/table/titles.js';
import { MissingSubredditsError, noTitles } from '../missing-subreddits.js';
import { readQuery } from '../query-text.js';
import { requestedSubreddits, type SourceRow, type TitleQuery, type TitleSource } from '../title-source.js';
import {
  type BigqueryRow,
  type BoundQuery,
  bytesToRead,
  type ConnectionOptions,
  connect,
  defaultRetryPolicy,
  rowsOf,
  startJob,
} from './bigquery-client.js';
import { bigqueryError } from './bigquery-errors.js';
import { checkCost, costInWords } from './query-cost.js';

/** The posts table family that the query file names. */
const postsDataset = 'fh-bigquery.reddit_posts';

export interface BigquerySourceOptions {
  /** Google Cloud project that pays for the query; the credentials' own where left out. */
  readonly project?: string | undefined;
  /** Region of the tables; found out by BigQuery where left out. */
  readonly location?: string | undefined;
  /** Where the monthly tables lie, `project.dataset`, for a copy of them. */
  readonly dataset?: string | undefined;
  /** Bytes beyond which the query is refused; three times what the article's 28 months take where left out. */
  readonly maximumBytesBilled?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
}

/** A query for titles with its values bound. */
interface PreparedQuery {
  readonly query: BoundQuery;
  readonly subreddits: readonly string[];
}

/** A `project.dataset` that may stand between backticks in a query. @throws TitlesmithError */
function checkDataset(dataset: string): string {
  if (/^[a-z][a-z0-9-]{4,28}[a-z0-9]\.[A-Za-z0-9_]{1,1024}$/.test(dataset)) return dataset;
  throw usageError(
    `${JSON.stringify(dataset)} is not a dataset of BigQuery.`,
    'Write it as project.dataset.',
  );
}

function checkNames({ project, location }: BigquerySourceOptions): ConnectionOptions {
  if (project !== undefined && !/^[a-z0-9.:-]{1,100}$/.test(project)) {
    throw usageError(
      `--project got ${JSON.stringify(project)}, which is not the id of a Google Cloud project.`,
    );
  }
  if (location !== undefined && !/^[A-Za-z0-9-]{1,40}$/.test(location)) {
    throw usageError(`--location got ${JSON.stringify(location)}, which is not a region, such as US.`);
  }
  return { project, location };
}

async function prepareQuery(titles: TitleQuery, dataset: string): Promise<PreparedQuery> {
  const subreddits = requestedSubreddits(titles, 'bigquery');
  const text = await readQuery('top-titles.bigquery.sql');
  const sql = text.replaceAll(`\`${postsDataset}.*\``, `\`${dataset}.*\``);
  const values = {
    subreddits,
    // Unbounded months still leave out tables that are not of one month.
    from_month: tableOfMonth(titles.from ?? '2005-06'),
    to_month: tableOfMonth(titles.to ?? '2099-12'),
    min_length: titles.minLength,
    title_limit: titles.limit,
  };
  return { query: { sql, values }, subreddits };
}

/** `2019-03` → `2019_03`. */
function tableOfMonth(month: string): string {
  return month.replace('-', '_');
}

/**
 * What a question would read, by a dry run, which is free.
 * @returns bytes.
 * @throws TitlesmithError without credentials, project, access, tables or network.
 */
export async function bigqueryCost(titles: TitleQuery, options: BigquerySourceOptions): Promise<number> {
  const dataset = checkDataset(options.dataset ?? postsDataset);
  const names = checkNames(options);
  const { query } = await prepareQuery(titles, dataset);
  try {
    return await bytesToRead(await connect(names), query, options.retry ?? defaultRetryPolicy);
  } catch (error) {
    throw bigqueryError(error, dataset);
  }
}

/**
 * Reddit posts in BigQuery, asked with `queries/top-titles.bigquery.sql`: first by a dry run, whose bytes must be
 * allowed, then as a job, whose rows come page by page. Credentials are looked for on the first row.
 * @throws TitlesmithError when project, location or dataset is not a valid name.
 */
export function openBigquerySource(options: BigquerySourceOptions): TitleSource {
  const dataset = checkDataset(options.dataset ?? postsDataset);
  const names = checkNames(options);
  return {
    name: 'bigquery',
    describe: () => `BigQuery ${dataset}`,
    fingerprint: async () => `bigquery ${dataset} ${names.project ?? ''}`,
    rows: (titles, context) => bigqueryRows(titles, dataset, { ...options, ...names }, context),
  };
}

async function* bigqueryRows(
  titles: TitleQuery,
  dataset: string,
  options: BigquerySourceOptions & ConnectionOptions,
  context: WorkContext,
): AsyncGenerator<SourceRow> {
  const { query, subreddits } = await prepareQuery(titles, dataset);
  const missing = new Set(subreddits);
  for await (const row of queryRows(query, dataset, options, context)) {
    const found = toSourceRow(row);
    missing.delete(found.subreddit.toLowerCase());
    yield found;
  }
  if (missing.size === 0) return;
  const errors = [...missing].map((name): [string, TitlesmithError] => {
    return [name, noTitles(name, `BigQuery ${dataset}`, titles)];
  });
  throw new MissingSubredditsError(new Map(errors));
}

async function* queryRows(
  query: BoundQuery,
  dataset: string,
  options: BigquerySourceOptions & ConnectionOptions,
  context: WorkContext,
): AsyncGenerator<BigqueryRow> {
  const { maximumBytesBilled = titleOptions.maxBytesBilled.default, retry = defaultRetryPolicy } = options;
  const note = (message: string): void => context.onProgress({ kind: 'note', message });
  try {
    const client = await connect(options);
    const bytes = await bytesToRead(client, query, retry);
    note(`BigQuery will read ${costInWords(bytes)}`);
    checkCost(bytes, maximumBytesBilled);
    const labels = { application: 'titlesmith' };
    const job = await startJob(client, query, { maximumBytesBilled, labels }, retry);
    note(`BigQuery job ${job.id}${job.location ? ` in ${job.location}` : ''}`);
    yield* rowsOf(job, retry, context);
  } catch (error) {
    throw bigqueryError(error, dataset);
  }
}

function toSourceRow({ title, subreddit, score, id }: BigqueryRow): SourceRow & { subreddit: string } {
  return {
    title: String(title),
    subreddit: String(subreddit),
    ...(score === null ? {} : { score: Number(score) }),
    ...(id === null ? {} : { id: String(id) }),
  };
}

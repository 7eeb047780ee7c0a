import { randomUUID } from 'node:crypto';
import { BigQuery, type Job, type Query, type QueryResultsOptions } from '@google-cloud/bigquery';
import { InterruptedError, TitlesmithError } from '../../../common/errors.js';
import type { WorkContext } from '../../../common/progress.js';
import { type RetryPolicy, retry } from '../../../common/retry.js';
import { hasGoogleCredentials } from '../detect-source.js';
import { isTransient, missingCredentials } from './bigquery-errors.js';

/** Who pays, and where the job runs. */
export interface ConnectionOptions {
  /** Google Cloud project that pays; the credentials' own where left out. */
  readonly project: string | undefined;
  /** Region of the tables, such as `US` or `europe-west3`; found out by BigQuery where left out. */
  readonly location: string | undefined;
}

/** The emulator that BIGQUERY_EMULATOR_HOST names, `http://localhost:9050`; undefined where there is none. */
function emulatorAddress(): string | undefined {
  const host = process.env['BIGQUERY_EMULATOR_HOST'];
  if (!host) return undefined;
  return (/^https?:\/\//.test(host) ? host : `http://${host}`).replace(/\/+$/, '');
}

/**
 * A BigQuery client with Application Default Credentials, or without any for an emulator. It does not
 * retry by itself: callers know which requests may be repeated, and which would cost twice.
 * @throws TitlesmithError when there are no credentials.
 */
export async function connect({ project, location }: ConnectionOptions): Promise<BigQuery> {
  const emulator = emulatorAddress();
  const client = new BigQuery({
    ...(project ? { projectId: project } : {}),
    ...(location ? { location } : {}),
    ...(emulator ? { apiEndpoint: emulator } : {}),
    retryOptions: { autoRetry: false },
  });
  if (emulator !== undefined) {
    // The client takes the variable as it is, and would look for credentials all the same.
    client.baseUrl = `${emulator}/bigquery/v2`;
    client.authClient.authorizeRequest = (request) => Promise.resolve({ ...request, headers: new Headers() });
    return client;
  }
  // Tells Google's own machines by their firmware instead of a request, which elsewhere takes seconds and
  // warns.
  process.env['METADATA_SERVER_DETECTION'] ??= 'bios-only';
  try {
    await client.authClient.getClient();
  } catch (error) {
    throw missingCredentials(hasGoogleCredentials().reason, error);
  }
  return client;
}

/**
 * Pauses of some 15 seconds in all. A page comes within seconds, and a query that still runs says so every ten: a request
 * that takes two minutes has lost its connection.
 */
export const defaultRetryPolicy: RetryPolicy = { attempts: 6, firstPauseMs: 500, timeoutMs: 120_000 };

/** Rows fetched at a time. */
const pageRows = 5000;

/** One row, by column name. */
export type BigqueryRow = Readonly<Record<string, unknown>>;

/** A question with the values bound to it by name. */
export interface BoundQuery {
  readonly sql: string;
  readonly values: Readonly<Record<string, string | number | readonly string[]>>;
}

/** Whole numbers are bound as INT64; the client would send a plain number as JSON, which the API only tolerates. */
function toQuery({ sql, values }: BoundQuery): Query {
  const bound = Object.entries(values).map(([name, value]) => {
    return [name, typeof value === 'number' ? BigQuery.int(value) : value];
  });
  return { query: sql, params: Object.fromEntries(bound), useLegacySql: false };
}

/** Bytes that a query would read, by a dry run, which costs nothing. */
export async function bytesToRead(client: BigQuery, query: BoundQuery, policy: RetryPolicy): Promise<number> {
  const [job] = await retry(() => client.createQueryJob({ ...toQuery(query), dryRun: true }), policy, {
    isTransient,
  });
  return Number(job.metadata?.statistics?.totalBytesProcessed ?? 0);
}

/** Bounds and labels of a job. */
interface JobOptions {
  /** Bytes beyond which BigQuery refuses the query before it costs anything. */
  readonly maximumBytesBilled: number;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Starts a query. Its id is ours, so that asking again after a lost answer finds the job instead of paying for a second.
 */
export async function startJob(
  client: BigQuery,
  query: BoundQuery,
  { maximumBytesBilled, labels }: JobOptions,
  policy: RetryPolicy,
): Promise<Job> {
  const jobId = `titlesmith_${randomUUID()}`;
  const start = async (): Promise<Job> => {
    try {
      const bounds = { maximumBytesBilled: String(maximumBytesBilled), labels: { ...labels } };
      const [job] = await client.createQueryJob({ ...toQuery(query), ...bounds, jobId });
      return job;
    } catch (error) {
      const isThere = error instanceof Error && 'code' in error && error.code === 409;
      if (!isThere) throw error;
      const [job] = await client.job(jobId).get();
      return job;
    }
  };
  return retry(start, policy, { isTransient });
}

/** One page of an answer. */
interface Page {
  readonly rows: readonly BigqueryRow[];
  readonly next: QueryResultsOptions | null | undefined;
  readonly totalRows: number | undefined;
  readonly complete: boolean;
}

/** Asked for again by its token, a page has the same rows: nothing is lost or doubled by a broken connection. */
async function fetchPage(job: Job, at: QueryResultsOptions, policy: RetryPolicy): Promise<Page> {
  const fetch = async (): Promise<Page> => {
    const options = { ...at, autoPaginate: false, maxResults: pageRows };
    const [rows, next, answer] = await job.getQueryResults(options);
    const { totalRows, jobComplete } = answer ?? {};
    return {
      rows: rows as BigqueryRow[],
      next,
      totalRows: totalRows === undefined || totalRows === null ? undefined : Number(totalRows),
      complete: jobComplete !== false,
    };
  };
  return retry(fetch, policy, { isTransient });
}

/** The next page. @throws InterruptedError when the context asks to stop, even while waiting; the job is cancelled. */
async function pageUnlessStopped(
  job: Job,
  at: QueryResultsOptions,
  policy: RetryPolicy,
  context: WorkContext,
): Promise<Page> {
  try {
    if (context.signal.aborted) throw new InterruptedError();
    return await unlessStopped(fetchPage(job, at, policy), context);
  } catch (error) {
    if (error instanceof InterruptedError)
      await retry(() => job.cancel(), policy, { isTransient }).catch(() => {});
    throw error;
  }
}

/** Milliseconds between two looks at whether to stop. */
const stopCheckMs = 100;

/** Waits for something, or until the context asks to stop. @throws InterruptedError then. */
async function unlessStopped<Result>(work: Promise<Result>, { signal }: WorkContext): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const stopped = new Promise<never>((_, reject) => {
    const look = (): void => {
      if (signal.aborted) reject(new InterruptedError());
    };
    timer = setInterval(look, stopCheckMs);
  });
  try {
    return await Promise.race([stopped, work]);
  } finally {
    clearInterval(timer);
  }
}

/**
 * The rows of a job, page by page: the next is fetched when the rows before are taken.
 * @throws TitlesmithError when they are not as many as the job has; InterruptedError, the job cancelled.
 */
export async function* rowsOf(
  job: Job,
  policy: RetryPolicy,
  context: WorkContext,
): AsyncGenerator<BigqueryRow> {
  let at: QueryResultsOptions | null | undefined = {};
  let given = 0;
  let expected: number | undefined;
  while (at) {
    const page: Page = await pageUnlessStopped(job, at, policy, context);
    if (page.complete) expected ??= page.totalRows;
    given += page.rows.length;
    yield* page.rows;
    at = page.next;
  }
  if (given === expected) return;
  throw new TitlesmithError(
    `BigQuery gave ${given} of the ${expected ?? 'unknown number of'} rows of its answer.`,
    {
      code: 'bigquery-short',
      hint: 'Run the same command again.',
    },
  );
}

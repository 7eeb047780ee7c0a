import { BigQuery, type Job, type QueryResultsOptions, type QueryRowsResponse } from '@google-cloud/bigquery';
import { hasGoogleCredentials } from '../detect.js';
import { bigqueryError, missingCredentials } from './errors.js';

/** Rows fetched at a time. */
const pageRows = 5000;

/** One row, by column name. */
export type BigqueryRow = Readonly<Record<string, unknown>>;

/** Values bound to a query by name. */
export type BigqueryValues = Readonly<Record<string, string | number | readonly string[]>>;

/**
 * Whole numbers are bound as INT64; the client would send a plain number as JSON, which the API only
 * tolerates.
 */
function toParameter(value: string | number | readonly string[]): unknown {
  return typeof value === 'number' ? BigQuery.int(value) : value;
}

/** The emulator that BIGQUERY_EMULATOR_HOST names, `http://localhost:9050`; undefined where there is none. */
function emulatorAddress(): string | undefined {
  const host = process.env['BIGQUERY_EMULATOR_HOST'];
  if (!host) return undefined;
  return (/^https?:\/\//.test(host) ? host : `http://${host}`).replace(/\/+$/, '');
}

/**
 * A BigQuery client with Application Default Credentials, or without any for an emulator.
 * @throws TitlesmithError when there are no credentials.
 */
async function connect(project: string | undefined): Promise<BigQuery> {
  const emulator = emulatorAddress();
  const client = new BigQuery({
    ...(project ? { projectId: project } : {}),
    ...(emulator ? { apiEndpoint: emulator } : {}),
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

export interface BigqueryJobOptions {
  /** Google Cloud project that pays; the credentials' own where left out. */
  readonly project: string | undefined;
  /** Bytes beyond which the query is refused before it costs anything. */
  readonly maximumBytesBilled: number;
}

/**
 * Runs a query as a job and gives its rows page by page.
 * @throws TitlesmithError without credentials, project, access or network, or beyond `maximumBytesBilled`.
 */
export async function* runQuery(
  sql: string,
  values: BigqueryValues,
  { project, maximumBytesBilled }: BigqueryJobOptions,
): AsyncGenerator<BigqueryRow> {
  try {
    const client = await connect(project);
    const [job] = await client.createQueryJob({
      query: sql,
      params: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toParameter(value)])),
      useLegacySql: false,
      maximumBytesBilled: String(maximumBytesBilled),
    });
    yield* pagesOf(job);
  } catch (error) {
    throw bigqueryError(error);
  }
}

/** While the job runs, its answer has no rows and asks to be called again. */
async function* pagesOf(job: Job): AsyncGenerator<BigqueryRow> {
  let next: QueryResultsOptions | null | undefined = {};
  while (next) {
    const options: QueryResultsOptions = { ...next, autoPaginate: false, maxResults: pageRows };
    const [rows, following]: QueryRowsResponse = await job.getQueryResults(options);
    yield* rows;
    next = following;
  }
}

import { systemErrorCode, TitlesmithError } from '../../../common/errors.js';

const logIn =
  'Log in with: gcloud auth application-default login. Or use --source sample or --source duckdb.';
const useDumps = 'Or read dumps of posts: --source duckdb --input RS_*.zst.';

interface Advice {
  readonly pattern: RegExp;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** What BigQuery and its client say, and what a person can do. The first that matches counts. */
const advices: readonly Advice[] = [
  {
    pattern: /short-lived token|\biat and exp\b|clock/i,
    code: 'bigquery-clock',
    message: 'Google refuses the credentials as the clock of this machine is wrong',
    hint: 'Set the clock by a time server, then run the same command again.',
  },
  {
    pattern: /default credentials|invalid_grant|invalid_rapt|invalid authentication credentials|\b401\b/i,
    code: 'bigquery-credentials',
    message: 'BigQuery needs Google credentials, and found none that are valid',
    hint: logIn,
  },
  {
    pattern: /project ?id/i,
    code: 'bigquery-project',
    message: 'BigQuery needs a Google Cloud project that pays for the query',
    hint: 'Name one with --project.',
  },
  {
    pattern: /bytes ?billed|bytesBilledLimitExceeded/i,
    code: 'bigquery-cost',
    message: 'BigQuery would read more than --max-bytes-billed allows',
    hint: `Ask for fewer months with --from and --to, or allow more. ${useDumps}`,
  },
  {
    pattern: /not match any table|not found: table/i,
    code: 'bigquery-months',
    message: 'BigQuery has no posts of these months',
    hint: `Its tables begin with 2015-12: check --from and --to. ${useDumps}`,
  },
  {
    pattern: /billingNotEnabled|billing (has not been|is not|to be) enabled|billing account/i,
    code: 'bigquery-billing',
    message: 'The Google Cloud project has no billing enabled',
    hint: `Enable it, or name another with --project. ${useDumps}`,
  },
  {
    pattern: /quota|rate ?limit/i,
    code: 'bigquery-quota',
    message: 'BigQuery refuses the query as a quota is used up',
    hint: `Try again later, or with another --project. ${useDumps}`,
  },
  {
    pattern: /cancel+ed|"stopped"/i,
    code: 'bigquery-cancelled',
    message: 'The job was cancelled in BigQuery',
    hint: 'Run the same command again.',
  },
  {
    pattern: /not found: (job|dataset)|in location/i,
    code: 'bigquery-place',
    message: 'BigQuery does not find the tables or the job',
    hint: `Check --table and --location. ${useDumps}`,
  },
  {
    pattern: /access ?denied|permission|not found|forbidden|\b40[34]\b/i,
    code: 'bigquery-access',
    message: 'BigQuery refuses the query or its tables',
    hint: `Check --project and that it may run BigQuery jobs. ${useDumps}`,
  },
  {
    pattern:
      /ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|EHOSTUNREACH|EPIPE|fetch failed|network|socket hang up|premature close/i,
    code: 'bigquery-network',
    message: 'BigQuery cannot be reached',
    hint: 'Check the network, or use --source sample, or --source duckdb with dumps of posts.',
  },
  {
    pattern: /\b(500|502|503|504)\b|backendError|internalError|parse response as JSON/i,
    code: 'bigquery-server',
    message: 'BigQuery does not answer as it should, time and again',
    hint: 'Try again later.',
  },
];

/** BigQuery's dataset of Reddit posts is not open to everyone any more. */
const closedDataset = 'Access to it has been refused to others too: read dumps of posts instead';

/**
 * An error of the BigQuery client as one line of advice, with its own first line; other values pass through.
 * @param dataset the tables asked, as access to the public ones has its own advice.
 */
export function bigqueryError(error: unknown, dataset?: string): unknown {
  if (error instanceof TitlesmithError || !(error instanceof Error)) return error;
  const [said = ''] = error.message.split('\n');
  const code = 'code' in error ? String(error.code) : '';
  const reasons = 'errors' in error ? JSON.stringify(error.errors) : '';
  const advice = advices.find(({ pattern }) => pattern.test(`${code} ${error.message} ${reasons}`));
  if (advice === undefined) {
    return new TitlesmithError(`BigQuery failed: ${said}`, { code: 'bigquery', cause: error });
  }
  const message = `${advice.message} (${said.replace(/\.$/, '')}).`;
  const isClosed = advice.code === 'bigquery-access' && dataset?.startsWith('fh-bigquery.');
  const hint = isClosed ? `${closedDataset}: --source duckdb --input RS_*.zst.` : advice.hint;
  return new TitlesmithError(message, { code: advice.code, hint, cause: error });
}

/** Statuses of HTTP and reasons of BigQuery after which the same request may well succeed. */
const transientStatuses: readonly unknown[] = [408, 429, 500, 502, 503, 504];
const transientReasons = /rateLimitExceeded|backendError|internalError|jobRateLimitExceeded/;
const brokenConnection =
  /ECONNRESET|ECONNREFUSED|ECONNABORTED|ETIMEDOUT|EPIPE|EAI_AGAIN|socket hang up|premature close|fetch failed|network|timeout|aborted|terminated|parse response as JSON|Unexpected (token|end)|invalid json/i;

/** Whether an error is transient: an overloaded server, a broken connection, an answer cut in the middle. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const status = 'code' in error ? error.code : undefined;
  const reasons = 'errors' in error ? JSON.stringify(error.errors) : '';
  if (transientStatuses.includes(status) || transientReasons.test(reasons)) return true;
  // Any other answer of the server is its answer.
  if (typeof status === 'number') return false;
  return brokenConnection.test(`${systemErrorCode(error) ?? ''} ${error.message}`);
}

/** Where credentials are missing altogether: one line on what to do, and why they were not found. */
export function missingCredentials(reason: string, cause: unknown): TitlesmithError {
  return new TitlesmithError(`BigQuery needs Google credentials: ${reason}.`, {
    code: 'bigquery-credentials',
    hint: logIn,
    cause,
  });
}

import { TitlesmithError } from '../../../common/errors.js';

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
    message: 'BigQuery would read more than the bound on what is billed',
    hint: `Ask for fewer months with --from and --to. ${useDumps}`,
  },
  {
    pattern: /not match any table|not found: table/i,
    code: 'bigquery-months',
    message: 'BigQuery has no posts of these months',
    hint: `Its tables begin with 2015-12: check --from and --to. ${useDumps}`,
  },
  {
    pattern: /quota|billing|rate ?limit/i,
    code: 'bigquery-quota',
    message: 'BigQuery refuses the query over quota or billing',
    hint: `Try again later, or with another --project. ${useDumps}`,
  },
  {
    pattern: /access ?denied|permission|not found|forbidden|\b40[34]\b/i,
    code: 'bigquery-access',
    message: 'BigQuery refuses the query or its tables',
    hint: `Check --project and that it may run BigQuery jobs. ${useDumps}`,
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|EHOSTUNREACH|fetch failed|network/i,
    code: 'bigquery-network',
    message: 'BigQuery cannot be reached',
    hint: 'Check the network, or use --source sample, or --source duckdb with dumps of posts.',
  },
];

/**
 * An error of the BigQuery client as one line of advice, with its own first line; other values pass through.
 */
export function bigqueryError(error: unknown): unknown {
  if (error instanceof TitlesmithError || !(error instanceof Error)) return error;
  const [said = ''] = error.message.split('\n');
  const code = 'code' in error ? String(error.code) : '';
  const advice = advices.find(({ pattern }) => pattern.test(`${code} ${error.message}`));
  if (advice === undefined) {
    return new TitlesmithError(`BigQuery failed: ${said}`, { code: 'bigquery', cause: error });
  }
  const message = `${advice.message} (${said.replace(/\.$/, '')}).`;
  return new TitlesmithError(message, { code: advice.code, hint: advice.hint, cause: error });
}

/** Where credentials are missing altogether: one line on what to do, and why they were not found. */
export function missingCredentials(reason: string, cause: unknown): TitlesmithError {
  return new TitlesmithError(`BigQuery needs Google credentials: ${reason}.`, {
    code: 'bigquery-credentials',
    hint: logIn,
    cause,
  });
}

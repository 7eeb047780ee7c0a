import { systemErrorCode, TitlesmithError } from '../../../common/errors.js';
import { retry } from '../../../common/retry.js';
import type { HubSettings } from './settings.js';

/** Failures that may pass: the same request is worth another try. */
const passingCodes = new Set(['hub-unreachable', 'hub-busy']);

function isPassing(error: unknown): boolean {
  return error instanceof TitlesmithError && passingCodes.has(error.code);
}

/** What a status of the hub means to a person who asked for a model. */
export function statusError(status: number, repository: string, settings: HubSettings): TitlesmithError {
  const page = `${settings.endpoint}/${repository}`;
  if (status === 401 || status === 403) {
    const known = settings.token ? 'the token given may not read it' : 'no token is set';
    return new TitlesmithError(`The hub does not give out ${repository} (status ${status}); ${known}.`, {
      code: 'hub-denied',
      hint: `Check the name; for a private or gated model accept its terms on ${page} and set HF_TOKEN.`,
    });
  }
  if (status === 404) {
    return new TitlesmithError(`The hub at ${settings.endpoint} knows no ${repository} (status 404).`, {
      code: 'hub-not-found',
      hint: 'Check the name and the revision.',
    });
  }
  const busy = status === 429 || status >= 500;
  return new TitlesmithError(`The hub answers status ${status} when asked for ${repository}.`, {
    code: busy ? 'hub-busy' : 'hub-refused',
    hint: 'Try again later; what is downloaded so far is kept.',
  });
}

/** The deepest system error code behind a failed request: `ENOTFOUND`, `ECONNRESET`, … */
function reasonOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = systemErrorCode(cause);
    if (code) return code;
    if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
    if (cause.cause === undefined) return cause.message;
  }
  return String(error);
}

/** A request that got no answer, or none to the end. */
export function connectionError(error: unknown, settings: HubSettings): TitlesmithError {
  return new TitlesmithError(`The hub at ${settings.endpoint} cannot be reached (${reasonOf(error)}).`, {
    code: 'hub-unreachable',
    hint: 'Check the connection and HF_ENDPOINT; or name a folder that holds the model.',
    cause: error,
  });
}

/** An answer that cannot be true. */
export function malformedAnswer(repository: string, what: string, settings: HubSettings): TitlesmithError {
  return new TitlesmithError(
    `The hub at ${settings.endpoint} gives a wrong answer about ${repository}: ${what}.`,
    {
      code: 'hub-malformed',
      hint: 'Check HF_ENDPOINT.',
    },
  );
}

/** Makes a request again while it fails for a passing reason, as often as the settings say. */
export async function retryRequest<Result>(
  request: () => Promise<Result>,
  { retries, retryDelayMs }: HubSettings,
  madeProgress?: () => boolean,
): Promise<Result> {
  const policy = { attempts: retries + 1, firstPauseMs: retryDelayMs };
  return retry(request, policy, { isPassing, ...(madeProgress && { madeProgress }) });
}

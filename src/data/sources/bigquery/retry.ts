import { setTimeout as sleep } from 'node:timers/promises';
import { systemErrorCode } from '../../../common/errors.js';

/** How long a request may take, how often and after what pauses it is made again. */
export interface RetryPolicy {
  /** Requests in all before the error is passed on. */
  readonly attempts: number;
  /** Pause before the second request, in milliseconds; each further one is twice as long. */
  readonly firstPauseMs: number;
  /** Milliseconds after which a request without its whole answer is given up, as one whose connection is dead. */
  readonly deadlineMs: number;
}

/** Pauses of some 15 seconds in all. A page comes within seconds, and a query that still runs says so every ten. */
export const defaultRetryPolicy: RetryPolicy = { attempts: 6, firstPauseMs: 500, deadlineMs: 120_000 };

/** Codes of HTTP and reasons of BigQuery after which the same request may well succeed. */
const passingStatus: readonly unknown[] = [408, 429, 500, 502, 503, 504];
const passingReasons = /rateLimitExceeded|backendError|internalError|jobRateLimitExceeded/;
const brokenConnection =
  /ECONNRESET|ECONNREFUSED|ECONNABORTED|ETIMEDOUT|EPIPE|EAI_AGAIN|socket hang up|premature close|fetch failed|network|timeout|aborted|terminated|parse response as JSON|Unexpected (token|end)|invalid json/i;

/** Whether an error passes by itself: an overloaded server, a broken connection, an answer cut in the middle. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const status = 'code' in error ? error.code : undefined;
  const reasons = 'errors' in error ? JSON.stringify(error.errors) : '';
  if (passingStatus.includes(status) || passingReasons.test(reasons)) return true;
  // Any other answer of the server is its answer.
  if (typeof status === 'number') return false;
  return brokenConnection.test(`${systemErrorCode(error) ?? ''} ${error.message}`);
}

/** @throws Error of code ETIMEDOUT when the work takes longer; what becomes of it then is left alone. */
async function within<Result>(deadlineMs: number, work: Promise<Result>): Promise<Result> {
  const deadline = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: deadline.signal }).then(() => {
    throw Object.assign(new Error(`no answer in ${deadlineMs / 1000} s`), { code: 'ETIMEDOUT' });
  });
  late.catch(() => {});
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    deadline.abort();
  }
}

/**
 * Does something that may be done again, until it succeeds or fails for good.
 * @throws the last error.
 */
export async function withRetries<Result>(
  work: () => Promise<Result>,
  { attempts, firstPauseMs, deadlineMs }: RetryPolicy,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await within(deadlineMs, work());
    } catch (error) {
      if (attempt >= attempts || !isPassing(error)) throw error;
      await sleep(firstPauseMs * 2 ** (attempt - 1));
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { systemErrorCode } from '../../../common/errors.js';

/** How often, and after what pauses, a request is made again. */
export interface RetryPolicy {
  /** Requests in all before the error is passed on. */
  readonly attempts: number;
  /** Pause before the second request, in milliseconds; each further one is twice as long. */
  readonly firstPauseMs: number;
}

/** Some 15 seconds in all. */
export const defaultRetryPolicy: RetryPolicy = { attempts: 6, firstPauseMs: 500 };

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

/**
 * Does something that may be done again, until it succeeds or fails for good.
 * @throws the last error.
 */
export async function withRetries<Result>(
  work: () => Promise<Result>,
  { attempts, firstPauseMs }: RetryPolicy,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || !isPassing(error)) throw error;
      await sleep(firstPauseMs * 2 ** (attempt - 1));
    }
  }
}

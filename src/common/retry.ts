/** Number of attempts, pauses between them, and their time limit. */
export interface RetryPolicy {
  /** Attempts in all, including the first. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; each further pause is twice as long. */
  readonly firstPauseMs: number;
  /** Milliseconds after which an attempt fails with an error of code ETIMEDOUT; no limit by default. */
  readonly timeoutMs?: number;
}

/** Pauses and randomness, which tests replace. */
export interface RetryClock {
  /** Waits, or returns early when the signal aborts. */
  pause(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}

const systemClock: RetryClock = { pause, random: Math.random };

/**
 * Maximum random lengthening of a pause, as a share of it, so that clients that failed together do not retry together.
 */
const jitterShare = 0.25;

interface RetryOptions {
  /** Whether another attempt may succeed after this error. */
  readonly isTransient: (error: unknown) => boolean;
  /** Called before each pause. */
  readonly onRetry?: (error: unknown, pauseMs: number) => void;
  /** Called after a failure: true resets the count of attempts and the pauses. */
  readonly madeProgress?: () => boolean;
  /** Ends a pause at once; the last error is thrown. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: RetryClock;
}

/**
 * Repeats idempotent work until it succeeds, fails with a permanent error, or has used up its attempts: exponential
 * back-off with up to 25 % jitter.
 * @throws the last error.
 */
export async function retry<Result>(
  work: () => Promise<Result>,
  { attempts, firstPauseMs, timeoutMs }: RetryPolicy,
  { isTransient, onRetry, madeProgress, signal, clock = systemClock }: RetryOptions,
): Promise<Result> {
  for (let failures = 0; ; ) {
    try {
      return await (timeoutMs === undefined ? work() : withTimeout(timeoutMs, work()));
    } catch (error) {
      failures = madeProgress?.() ? 1 : failures + 1;
      if (failures >= attempts || signal?.aborted || !isTransient(error)) throw error;
      const pauseMs = firstPauseMs * 2 ** (failures - 1) * (1 + jitterShare * clock.random());
      onRetry?.(error, pauseMs);
      await clock.pause(pauseMs, signal);
      if (signal?.aborted) throw error;
    }
  }
}

/** Work that takes too long goes on unobserved; its result or error is ignored. */
async function withTimeout<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  const done = new AbortController();
  const timeout = pause(timeoutMs, done.signal).then(() => {
    throw Object.assign(new Error(`no answer in ${timeoutMs / 1000} s`), { code: 'ETIMEDOUT' });
  });
  timeout.catch(() => {});
  work.catch(() => {});
  try {
    return await Promise.race([work, timeout]);
  } finally {
    done.abort();
  }
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal?.addEventListener('abort', finish);
  });
}

/** How often something is tried, and after what pauses. */
export interface RetryPolicy {
  /** Tries in all, the first included, before the error is passed on. */
  readonly attempts: number;
  /** Milliseconds before the second try; each further pause is twice as long. */
  readonly firstPauseMs: number;
  /** Milliseconds after which a try without a result counts as failed, with an error of code ETIMEDOUT; no bound where left out. */
  readonly timeoutMs?: number;
}

/** The pauses between tries, and chance: a test can do without either. */
export interface RetryClock {
  /** Waits so many milliseconds, or until the signal aborts. */
  pause(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}

const systemClock: RetryClock = { pause, random: Math.random };

/** Share by which chance makes a pause longer at most, so that many that failed together do not come back together. */
const jitterShare = 0.25;

interface RetryOptions {
  /** Whether the same may well succeed after this error. */
  readonly isTransient: (error: unknown) => boolean;
  /** Told before each pause. */
  readonly onRetry?: (error: unknown, pauseMs: number) => void;
  /** Asked after a failure: true starts the count of tries and the length of pauses anew. */
  readonly madeProgress?: () => boolean;
  /** Ends a pause at once; the error that led to it is thrown. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: RetryClock;
}

/**
 * Does something that may be done again until it succeeds, fails for good, or has been tried often enough; pauses
 * double, and are up to a quarter longer by chance.
 * @throws the last error.
 */
export async function retry<Result>(
  work: () => Promise<Result>,
  { attempts, firstPauseMs, timeoutMs }: RetryPolicy,
  { isTransient, onRetry, madeProgress, signal, clock = systemClock }: RetryOptions,
): Promise<Result> {
  for (let failures = 0; ; ) {
    try {
      return await (timeoutMs === undefined ? work() : within(timeoutMs, work()));
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

/** What becomes of work that took too long is left alone, its error too. */
async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  const done = new AbortController();
  const late = pause(timeoutMs, done.signal).then(() => {
    throw Object.assign(new Error(`no answer in ${timeoutMs / 1000} s`), { code: 'ETIMEDOUT' });
  });
  late.catch(() => {});
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
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

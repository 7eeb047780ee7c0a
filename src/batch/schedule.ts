import { setTimeout as delay } from 'node:timers/promises';
import { nextCronTime } from '../common/cron.js';

/** Maximum time between two looks at the clock, as it may be set, or the machine may sleep. */
const longestSleepMs = 20_000;
/** Clock corrections backwards up to this much are ignored. */
const slackMs = 1000;
const correctionMs = 3 * 3_600_000;

/**
 * The start time of the next batch. If the clock was set back by at most three hours (as in Debian's cron(8)) since the
 * last batch, that is taken for a correction, and the batch is not started again.
 * @param last the scheduled time of the last batch.
 * @returns undefined if the pattern matches no future time.
 */
export function nextStart(
  pattern: string,
  zone: string | undefined,
  now: Date,
  last: Date | undefined,
): Date | undefined {
  const ahead = last ? last.getTime() - now.getTime() : 0;
  return nextCronTime(pattern, zone, last && ahead > 0 && ahead <= correctionMs ? last : now);
}

/**
 * Waits until the system clock reaches a time. If the clock is set forward beyond that time, the wait ends.
 * @param since when `time` was computed.
 * @returns `set back` if the clock was set back, so that `time` must be computed again.
 */
export async function waitUntil(
  time: Date,
  since: Date,
  stop: AbortSignal,
): Promise<'reached' | 'set back' | 'stopped'> {
  let seen = since.getTime();
  while (!stop.aborted) {
    const now = Date.now();
    if (now < seen - slackMs) return 'set back';
    seen = now;
    const left = time.getTime() - now;
    if (left <= 0) return 'reached';
    await delay(Math.min(left, longestSleepMs), undefined, { signal: stop }).catch(() => {});
  }
  return 'stopped';
}

import { setTimeout as delay } from 'node:timers/promises';
import { nextCronTime } from '../common/cron.js';

/** Longest sleep between two looks at the clock, which may be set, or stand still while the machine sleeps. */
const longestSleepMs = 20_000;
/** A clock that goes back by no more is only kept right. */
const slackMs = 1000;
const correctionMs = 3 * 3_600_000;

/**
 * When the next batch starts. A clock that was set back a little after a batch had started is taken to be put right, and
 * the batch does not start again; set back further, it is believed (three hours, as cron(8) of Debian has it).
 * @param last the time for which the last batch started.
 * @returns undefined where the pattern names no time to come.
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
 * Waits until the clock of the machine shows a time. The clock may jump: set forward beyond the time, the wait ends.
 * @param since when the time was asked for.
 * @returns `set back` where the clock was, and the time to wait for is to be asked anew; else that the time was
 *   reached, or that it was told to stop.
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

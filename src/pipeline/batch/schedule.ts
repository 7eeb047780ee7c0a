import { setTimeout as delay } from 'node:timers/promises';
import { Cron } from 'croner';

/** Longest sleep between two looks at the clock, which may be set, or stand still while the machine sleeps. */
const longestSleepMs = 20_000;

/** The cron pattern of a schedule, five fields: minute, hour, day of the month, month, day of the week. */
export function cronPattern(text: string): string {
  try {
    // Parsed only; without a function nothing is ever started.
    new Cron(text, { mode: '5-part' });
  } catch (error) {
    const said = error instanceof Error ? error.message.replace(/^CronPattern: /, '').replace(/\.$/, '') : '';
    throw new Error(`is not a cron pattern of five fields, such as "0 3 * * 1" (${said})`);
  }
  return text;
}

/** A time zone of the IANA database, such as `Europe/Berlin`. */
export function timeZone(text: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
  } catch {
    throw new Error('is not a time zone such as Europe/Berlin or UTC');
  }
  return text;
}

/**
 * The first time after `from` that the pattern names; undefined where there is none.
 * @param zone an IANA time zone; the machine's own where left out.
 */
export function nextTime(pattern: string, zone: string | undefined, from: Date): Date | undefined {
  return (
    new Cron(pattern, { mode: '5-part', ...(zone ? { timezone: zone } : {}) }).nextRun(from) ?? undefined
  );
}

/**
 * Waits until the clock of the machine shows a time. The clock may jump: set forward beyond the time, the wait
 * ends; set back, it lasts as much longer.
 * @returns false when it was told to stop.
 */
export async function waitUntil(time: Date, stop: AbortSignal): Promise<boolean> {
  for (let left = time.getTime() - Date.now(); left > 0; left = time.getTime() - Date.now()) {
    await delay(Math.min(left, longestSleepMs), undefined, { signal: stop }).catch(() => {});
    if (stop.aborted) return false;
  }
  return !stop.aborted;
}

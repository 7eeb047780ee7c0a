import { Cron } from 'croner';

/** The error in a cron pattern; undefined if valid. Fields: minute, hour, day of the month, month, day of the week. */
export function cronFault(pattern: string): string | undefined {
  try {
    // Only parses; without a function no job is started.
    new Cron(pattern, { mode: '5-part' });
    return undefined;
  } catch (error) {
    const fields = pattern.trim().split(/\s+/).length;
    if (fields !== 5) return `it has ${fields}`;
    return error instanceof Error
      ? error.message.replace(/^CronPattern: /, '').replace(/\.$/, '')
      : String(error);
  }
}

/**
 * The first time after `from` that a cron pattern matches; undefined if there is none.
 * @param zone an IANA time zone; the machine's by default.
 */
export function nextCronTime(pattern: string, zone: string | undefined, from: Date): Date | undefined {
  return (
    new Cron(pattern, { mode: '5-part', ...(zone ? { timezone: zone } : {}) }).nextRun(from) ?? undefined
  );
}

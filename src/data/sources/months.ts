import type { TitleQuery } from './title-source.js';

/** Seconds since 1970 at which a month, `YYYY-MM`, or the one `later` months after it begins in UTC. */
export function startOfMonth(month: string, later: number): number {
  const [year, number] = month.split('-').map(Number);
  return Date.UTC(year ?? 0, (number ?? 0) - 1 + later) / 1000;
}

/** The bounds of a query in words: ` from 2013-03 to 2013-05`, or nothing where there is none. */
export function monthsInWords({ from, to }: TitleQuery): string {
  return `${from ? ` from ${from}` : ''}${to ? ` to ${to}` : ''}`;
}

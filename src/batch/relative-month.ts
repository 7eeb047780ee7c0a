import { month } from '../options/option-values.js';

/** `now`, or so many months before it. */
const relative = /^now(?:-(\d{1,4}))?$/;

/** A month as a batch file may give it: `2019-03`, or by the day the batch starts: `now-1` is the month before. */
export function batchMonth(text: string): string {
  if (relative.test(text)) return text;
  try {
    return month(text);
  } catch (error) {
    throw new Error(`${(error as Error).message}, and not relative to this month, such as now-1`);
  }
}

/** The month meant, `YYYY-MM`, by UTC, as posts are. @param now when the batch starts. */
export function resolveMonth(text: string, now: Date): string {
  const match = relative.exec(text);
  if (!match) return text;
  const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - Number(match[1] ?? 0), 1));
  return first.toISOString().slice(0, 7);
}

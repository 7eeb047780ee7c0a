/*
 * How dumps write numbers and times: one grammar for all readers. The patterns are regular expressions of JavaScript and
 * of RE2 alike, as DuckDB reads CSV and Parquet by them (`duckdb/value-macros.ts`) and `ndjson/post.ts` NDJSON.
 */

/** A number in a text: 1335842178, 1335842178.0, 1.335842178e+09. Its one group is the number without blanks. */
export const numeralPattern =
  '^[ \\t\\r\\n]*([+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?)[ \\t\\r\\n]*$';

/** The groups of {@link timePattern}, in order; those that a text lacks are empty. */
export const timeParts = [
  'year',
  'month',
  'day',
  'clock',
  'second',
  'fraction',
  'sign',
  'offset_hours',
  'offset_minutes',
] as const;

const date = '(19[7-9][0-9]|2[0-9]{3})[-/](0[1-9]|1[0-2])[-/](0[1-9]|[12][0-9]|3[01])';
const clock = '((?:[01][0-9]|2[0-3]):[0-5][0-9])(?::([0-5][0-9])(?:[.,]([0-9]+))?)?';
const zone = '(?:[Zz]|[Uu][Tt][Cc]|[Gg][Mm][Tt]|([+-])(0[0-9]|1[0-4])(?::?([0-5][0-9]))?)';

/**
 * A date, with or without a time of day, with or without a zone: 2019-01-15, 2019-01-15 12:00, 2019-01-15T14:00:00.5+02:00,
 * 2019-01-15 12:00:00 UTC. Without a zone it is UTC. Whether the month has the day is checked behind it.
 */
export const timePattern = `^[ \\t\\r\\n]*${date}(?:(?:[Tt]| +)${clock} *${zone}?)?[ \\t\\r\\n]*$`;

/** Times are of the years 1970 to 2999, in seconds since 1970: from 0, below this. */
export const endOfTime: number = Date.UTC(3000, 0, 1) / 1000;

/**
 * Numbers that are dates, 20190115: Reddit began in 2005, while so many seconds after the beginning of 1970 it was August of
 * that year.
 */
export const dateNumbers: { readonly first: number; readonly last: number } = {
  first: 20050101,
  last: 20991231,
};

const numeral = new RegExp(numeralPattern);
const time = new RegExp(timePattern);

/** A number, or text that is one; null for anything else. */
function toNumber(value: unknown): number | null {
  const number = typeof value === 'string' ? Number(numeral.exec(value)?.[1] ?? Number.NaN) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** A whole number that a double holds exactly; null for anything else. */
export function toWholeNumber(value: unknown): number | null {
  const number = toNumber(value);
  return Number.isSafeInteger(number) ? number : null;
}

function secondsOfTime(text: string): number | null {
  const [, year, month, day, hourAndMinute, second, fraction, sign, offsetHours, offsetMinutes] =
    time.exec(text) ?? [];
  if (year === undefined) return null;
  const midnight = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (midnight.getUTCDate() !== Number(day)) return null;
  const [hour = 0, minute = 0] = (hourAndMinute ?? '').split(':').map(Number);
  const offset = (sign === '-' ? -60 : 60) * (60 * Number(offsetHours ?? 0) + Number(offsetMinutes ?? 0));
  const whole = midnight.getTime() / 1000 + 3600 * hour + 60 * minute + Number(second ?? 0) - offset;
  return whole + Number(`0.${fraction ?? 0}`);
}

/**
 * Seconds since 1970 in UTC of a number of seconds, text of one, or a date; null for what is no time of the years 1970 to
 * 2999.
 */
export function toSeconds(value: unknown): number | null {
  const number = toNumber(value);
  if (number !== null && number >= dateNumbers.first && number <= dateNumbers.last) return null;
  const seconds = number ?? (typeof value === 'string' ? secondsOfTime(value) : null);
  return seconds !== null && seconds >= 0 && seconds < endOfTime ? seconds : null;
}

/** Numbers that are times in another form than seconds: what they are, from where, to below where, and what to do. */
const otherUnits: readonly (readonly [string, number, number, string])[] = [
  [
    'a date written as a number',
    dateNumbers.first,
    dateNumbers.last + 1,
    'Write it as 2019-01-15, or in seconds',
  ],
  ['in milliseconds', 1e11, 1e14, 'Divide it by 1,000'],
  ['in microseconds', 1e14, 1e17, 'Divide it by 1,000,000'],
  ['in nanoseconds', 1e17, 1e20, 'Divide it by 1,000,000,000'],
];

/** A time that is not in seconds, in words: what it is instead, and what a person can do; undefined for all others. */
export function otherTimeUnit(
  value: unknown,
): { readonly unit: string; readonly remedy: string } | undefined {
  const number = toNumber(value);
  if (number === null) return undefined;
  const found = otherUnits.find(([, from, below]) => number >= from && number < below);
  return found && { unit: found[0], remedy: found[3] };
}

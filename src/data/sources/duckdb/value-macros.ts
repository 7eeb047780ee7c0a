import { dateNumbers, endOfTime, numeralPattern, timeParts, timePattern } from '../post-values.js';

/** A text as an SQL literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const parts = timeParts.map(quoteText).join(', ');

/**
 * SQL that defines the scalar macros `number_of(text)` and `seconds_of(text)`, both DOUBLE or NULL, which the queries read
 * score and created_utc with: what `toNumber` and `toSeconds` of `post-values.ts` say, by the same patterns. These must stand
 * in the SQL, as DuckDB takes no parameter for them.
 */
export const valueMacros: readonly string[] = [
  `CREATE OR REPLACE TEMP MACRO number_of(text) AS TRY_CAST(regexp_extract(text, ${quoteText(numeralPattern)}, 1) AS DOUBLE)`,
  // A day that the month does not have is no timestamp, and neither are the empty parts of a text that does not match.
  `CREATE OR REPLACE TEMP MACRO seconds_of_parts(part) AS
    epoch(TRY_CAST(concat(
      part.year, '-', part.month, '-', part.day, ' ',
      CASE part.clock WHEN '' THEN '00:00' ELSE part.clock END, ':',
      CASE part.second WHEN '' THEN '00' ELSE part.second END
    ) AS TIMESTAMP))
    - CASE part.sign WHEN '-' THEN -60 ELSE 60 END
      * (60 * coalesce(TRY_CAST(part.offset_hours AS INTEGER), 0) + coalesce(TRY_CAST(part.offset_minutes AS INTEGER), 0))
    + coalesce(TRY_CAST(concat('0.', part.fraction) AS DOUBLE), 0)`,
  `CREATE OR REPLACE TEMP MACRO seconds_in_range(number) AS
    CASE WHEN number >= 0 AND number < ${endOfTime} THEN number END`,
  `CREATE OR REPLACE TEMP MACRO seconds_of(text) AS
    CASE
      WHEN number_of(text) IS NULL THEN seconds_in_range(seconds_of_parts(regexp_extract(text, ${quoteText(timePattern)}, [${parts}])))
      WHEN number_of(text) NOT BETWEEN ${dateNumbers.first} AND ${dateNumbers.last} THEN seconds_in_range(number_of(text))
    END`,
];

import { TitlesmithError } from '../../common/errors.js';
import { csvRecords } from '../sources/csv/records.js';
import { readText } from '../sources/csv/text.js';

/** One value of a CSV by RFC 4180, section 2: quoted where it must be. */
function csvValue(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One record of a CSV with its CRLF. */
export function csvLine(...values: readonly string[]): string {
  return `${values.map(csvValue).join(',')}\r\n`;
}

/**
 * The titles of a titles.csv, in order. @throws TitlesmithError when it is not there, malformed, or has
 * another header.
 */
export async function* readTitles(path: string): AsyncGenerator<string> {
  let record = 0;
  for await (const [title, ...others] of csvRecords(readText(path), path)) {
    record += 1;
    if (title === undefined || others.length > 0 || (record === 1 && title !== 'title')) {
      throw new TitlesmithError(
        `${path} is not a file of titles: record ${record} is not of one column \`title\`.`,
        {
          code: 'titles-file',
          hint: 'Run the extract stage again.',
        },
      );
    }
    if (record > 1) yield title;
  }
}

import { readLines } from '../../io/text-file.js';
import type { SourceRow } from './title-source.js';

/** A row as one line of JSON: a file of such lines keeps what a source gave, to be given again. */
export function formatRow(row: SourceRow): string {
  return `${JSON.stringify(row)}\n`;
}

/** The rows of a file, in order. @throws TitlesmithError when it cannot be read. */
export async function* readRows(path: string): AsyncGenerator<SourceRow> {
  for await (const line of readLines(path)) yield JSON.parse(line) as SourceRow;
}

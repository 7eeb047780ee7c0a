import { TitlesmithError } from '../../../common/errors.js';
import { csvRecords } from './records.js';
import { linesOf } from './text.js';

const isTitle = (name: string): boolean => name.trim().toLowerCase() === 'title';

/**
 * Which column of a CSV holds the titles, and whether the first record is the header: the column asked for,
 * else one called `title`, else the only one of a file without a header.
 * @throws TitlesmithError naming the columns when none of these is there.
 */
export function findTitleColumn(
  first: readonly string[],
  column: string | undefined,
  path: string,
): { readonly index: number; readonly header: boolean } {
  const wanted = column?.trim().toLowerCase();
  const index = first.findIndex((name) =>
    wanted === undefined ? isTitle(name) : name.trim().toLowerCase() === wanted,
  );
  if (index >= 0) return { index, header: true };
  if (wanted === undefined && first.length === 1) return { index: 0, header: false };
  const names = first.slice(0, 12).map((name) => JSON.stringify(name.slice(0, 40)));
  throw new TitlesmithError(`${path} has no column ${JSON.stringify(column ?? 'title')}.`, {
    code: 'missing-columns',
    hint: `It has ${names.join(', ')}; name one with --column.`,
  });
}

/** The titles of one CSV, as text piece by piece. @throws TitlesmithError when it is malformed. */
export async function* titlesOfCsv(
  chunks: AsyncIterable<string>,
  path: string,
  column: string | undefined,
): AsyncGenerator<string> {
  let index: number | undefined;
  for await (const fields of csvRecords(chunks, path)) {
    if (index === undefined) {
      const found = findTitleColumn(fields, column, path);
      index = found.index;
      if (found.header) continue;
    }
    yield fields[index] ?? '';
  }
}

/** The titles of a text file, one a line, empty lines left out. */
export async function* titlesOfLines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of linesOf(chunks)) if (line.trim() !== '') yield line;
}

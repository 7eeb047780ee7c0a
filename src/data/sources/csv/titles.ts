import { parseCsv } from '../../../io/csv.js';
import { textLines } from '../../../io/lines.js';
import { type CsvWishes, csvLayout } from './layout.js';

/** Characters of the beginning in which the first record should end. */
const layoutCharacters = 65_536;

/** The beginning of a text, and all of it. */
async function peek(
  chunks: AsyncIterable<string>,
): Promise<{ readonly beginning: string; readonly whole: AsyncIterable<string> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let beginning = '';
  while (beginning.length < layoutCharacters) {
    const next = await iterator.next();
    if (next.done) break;
    beginning += next.value;
  }
  async function* whole(): AsyncGenerator<string> {
    try {
      yield beginning;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { beginning, whole: whole() };
}

/** The titles of one CSV, as text piece by piece. @throws TitlesmithError when it is malformed. */
export async function* titlesOfCsv(
  chunks: AsyncIterable<string>,
  path: string,
  wishes: CsvWishes,
): AsyncGenerator<string> {
  const { beginning, whole } = await peek(chunks);
  const { delimiter, index, header } = csvLayout(beginning, wishes, path);
  let record = 0;
  for await (const fields of parseCsv(whole, path, delimiter)) {
    record += 1;
    if (record > 1 || !header) yield fields[index] ?? '';
  }
}

/** The titles of a text file, one a line, empty lines left out. */
export async function* titlesOfLines(chunks: AsyncIterable<string>, path: string): AsyncGenerator<string> {
  for await (const line of textLines(chunks, path)) if (line.trim() !== '') yield line;
}

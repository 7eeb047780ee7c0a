import { TitlesmithError } from '../../common/errors.js';
import type { TextRemark } from '../../io/text-encoding.js';
import { type CsvLayoutOptions, csvLayout, tabTable } from './csv-layout.js';
import { peek, titleFormat } from './file-reading.js';
import { titleName } from './json-titles.js';

/** A file, as far as its layout is decided on. */
interface ReadableTitles {
  readonly path: string;
  text(onRemark?: TextRemark): AsyncGenerator<string>;
}

/** Options as if none was given. */
const byDefault: CsvLayoutOptions = { column: undefined, header: undefined };

/** Where the titles of a file are, as text; of what is not found, which reading it tells of, what was asked for. */
function layoutInWords(beginning: string, options: CsvLayoutOptions, path: string): string {
  const { column, header, quotes = true } = options;
  if (titleFormat(path) === 'json') return `name ${titleName(beginning, column)}`;
  if (titleFormat(path) === 'lines' && !tabTable(beginning, options)) return 'lines';
  try {
    const layout = csvLayout(beginning, options, path);
    const columns = `column ${layout.index}, subreddit ${layout.subredditIndex}`;
    return `${JSON.stringify(layout.delimiter)} ${columns}, header ${layout.header}, quotes ${quotes}`;
  } catch (error) {
    if (!(error instanceof TitlesmithError)) throw error;
    return `none for ${JSON.stringify([column, header, quotes])}`;
  }
}

/**
 * What `--column`, `--header` and `--quotes` change in how a file is read, as text: empty where it would be read likewise
 * without them.
 * @throws TitlesmithError when the file cannot be read.
 */
export async function describeLayoutChange(
  { path, text }: ReadableTitles,
  options: CsvLayoutOptions,
): Promise<string> {
  const isGiven = options.column !== undefined || options.header !== undefined || options.quotes === false;
  if (!isGiven) return '';
  const chunks = text();
  try {
    const { beginning } = await peek(chunks);
    const decided = layoutInWords(beginning, options, path);
    return decided === layoutInWords(beginning, byDefault, path) ? '' : decided;
  } finally {
    await chunks.return(undefined);
  }
}

import { silentContext } from '../../common/progress.js';
import { cleanTitle } from '../../data/cleaning/clean-titles.js';
import { writeDataset } from '../../data/dataset-files.js';
import { openSource } from '../../data/sources/open-source.js';
import { splitTitles } from '../../data/title-split.js';
import { type ArgumentRules, checkArgument, checkArguments, isText } from '../../options/call-arguments.js';
import { titleOptions } from '../../options/table/titles.js';

export interface EncodeCsvOptions {
  /** Column of titles, by name or number. Default: `title`, or the only column. */
  readonly column?: string;
  /** Whether the first record names the columns. Default: `auto`, which finds out. */
  readonly header?: boolean | 'auto';
  /** Minimum length of a title in characters, after cleaning. */
  readonly minLength?: number;
  /** Share of the titles held out. Default: as `--validation-share`. */
  readonly validationShare?: number;
}

const encodeArguments: ArgumentRules = {
  column: titleOptions.column,
  header: titleOptions.header,
  minLength: titleOptions.minLength,
  validationShare: titleOptions.validationShare,
};

/**
 * Converts a CSV (or a text file with one title per line) to a dataset: cleans titles, drops duplicates, splits them by
 * hash, and writes them as `<|startoftext|>title<|endoftext|>` lines to train.txt and validation.txt in a folder.
 * @returns the number of titles in each file.
 * @throws TitlesmithError when an argument is unknown or wrong; naming the file, and the line if it is malformed.
 */
export async function encodeCsv(
  path: string,
  folder: string,
  options: EncodeCsvOptions = {},
): Promise<{ readonly train: number; readonly validation: number }> {
  checkArgument('encodeCsv', 'path', path, isText);
  checkArgument('encodeCsv', 'folder', folder, isText);
  const checked = checkArguments('encodeCsv', options, encodeArguments);
  const { column, header, minLength = 1, validationShare } = checked;
  const source = await openSource('csv', { input: [path], column, header });
  const query = {
    subreddits: [],
    from: undefined,
    to: undefined,
    limit: Number.MAX_SAFE_INTEGER,
    minLength,
  };
  const titles = new Set<string>();
  for await (const row of source.rows(query, silentContext)) {
    const cleaned = cleanTitle(row.title, minLength);
    if ('title' in cleaned) titles.add(cleaned.title);
  }
  const split = splitTitles([...titles], { validationShare });
  await writeDataset(folder, split);
  return { train: split.train.length, validation: split.validation.length };
}

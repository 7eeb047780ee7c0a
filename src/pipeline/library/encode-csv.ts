import { silentContext } from '../../common/progress.js';
import { cleanTitle } from '../../data/cleaning/clean-titles.js';
import { writeDataset } from '../../data/dataset-files.js';
import { openSource } from '../../data/sources/open-source.js';
import { splitTitles } from '../../data/title-split.js';

export interface EncodeCsvOptions {
  /** Column that holds the titles, by name or number; `title`, or the only one, where it is left out. */
  readonly column?: string;
  /** Whether the first record names the columns; found out where it is left out. */
  readonly header?: boolean;
  /** Shortest title kept, in characters after cleaning. */
  readonly minLength?: number;
  /** Share of the titles held out; the command's where it is left out. */
  readonly validationShare?: number;
}

/**
 * Makes a dataset of a CSV (or of a text file with one title a line): titles cleaned, repeats left out, split by hash,
 * written as `<|startoftext|>title<|endoftext|>` lines to train.txt and validation.txt in a folder.
 * @returns how many titles stand in each file.
 * @throws TitlesmithError naming file and line of what is malformed, or a file that cannot be read or written.
 */
export async function encodeCsv(
  path: string,
  folder: string,
  { column, header, minLength = 1, validationShare }: EncodeCsvOptions = {},
): Promise<{ readonly train: number; readonly validation: number }> {
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

import { join } from 'node:path';
import { type AtomicFile, writeAtomically } from '../io/atomic-file.js';
import { readDecompressed } from '../io/compression/compressed-file.js';
import {
  checkArgument,
  checkArguments,
  isFunction,
  isText,
  isTexts,
  required,
} from '../options/call-arguments.js';
import { datasetLine, titlesInDataset } from './dataset-lines.js';
import { placeOf, type SplitOptions, type SplitTitles, TitleSplit } from './title-split.js';

function writeBoth<Result>(
  folder: string,
  write: (files: { readonly train: AtomicFile; readonly validation: AtomicFile }) => Promise<Result>,
): Promise<Result> {
  return writeAtomically([join(folder, 'train.txt'), join(folder, 'validation.txt')], ([train, validation]) =>
    write({ train, validation }),
  );
}

/**
 * Writes train.txt and validation.txt: `<|startoftext|>title<|endoftext|>`, one a line.
 * @throws TitlesmithError for a title that is not one short line, or a file that cannot be written.
 */
export async function writeDataset(folder: string, titles: SplitTitles): Promise<void> {
  checkArgument('writeDataset', 'folder', folder, isText);
  const sides = { train: required(isTexts), validation: required(isTexts) };
  const { train, validation } = checkArguments('writeDataset', titles, sides);
  await writeBoth(folder, async (files) => {
    for (const title of train) await files.train.write(datasetLine(title));
    for (const title of validation) await files.validation.write(datasetLine(title));
  });
}

/**
 * What `splitTitles` and {@link writeDataset} do, on titles of any number: they are read twice and never held.
 * @param titles gives the same titles each time it is called.
 * @param options `onChecked` is called once every title has been read and found fit, before anything is written.
 * @returns how many titles are on each side.
 * @throws TitlesmithError for a share not between 0 and 1, a title that is not one short line, or a file that cannot be
 *   written.
 */
export async function writeSplitDataset(
  folder: string,
  titles: () => AsyncIterable<string>,
  { onChecked, ...options }: SplitOptions & { readonly onChecked?: () => Promise<void> } = {},
): Promise<{ readonly train: number; readonly validation: number }> {
  checkArgument('writeSplitDataset', 'folder', folder, isText);
  checkArgument('writeSplitDataset', 'titles', titles, required(isFunction));
  const split = new TitleSplit(options);
  for await (const title of titles()) {
    datasetLine(title);
    split.add(placeOf(title));
  }
  await onChecked?.();
  return writeBoth(folder, async (files) => {
    const counts = { train: 0, validation: 0 };
    for await (const title of titles()) {
      const side = split.isHeldOut(placeOf(title)) ? 'validation' : 'train';
      await files[side].write(datasetLine(title));
      counts[side] += 1;
    }
    return counts;
  });
}

/**
 * The titles of a dataset file, in order, without their delimiters; streamed.
 * @throws TitlesmithError naming file and line of a line that is not a delimited title, not UTF-8, or endless.
 */
export async function* readDataset(path: string): AsyncGenerator<string> {
  checkArgument('readDataset', 'path', path, isText);
  yield* titlesInDataset(readDecompressed(path), path);
}

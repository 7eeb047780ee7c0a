import { join } from 'node:path';
import { TitlesmithError } from '../common/errors.js';
import { type AtomicFile, writeAtomically } from '../io/atomic-file.js';
import { readDecompressed } from '../io/compression/compressed-file.js';
import { byteLines } from '../io/lines.js';
import {
  checkArgument,
  checkArguments,
  isFunction,
  isText,
  isTexts,
  required,
} from '../options/call-arguments.js';
import { placeOf, type SplitOptions, type SplitTitles, TitleSplit } from './title-split.js';

const [opening, closing] = ['<|startoftext|>', '<|endoftext|>'];

/**
 * No cleaned title comes near this; a line that does is from a file of another kind. Bounds the memory of a file
 * without line breaks, and the merging of a long word, whose time is quadratic.
 */
const maxLineBytes = 2 ** 15;

/** Text quoted for a message, cut where it is long. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function formatLine(title: string): string {
  const line = `${opening}${title}${closing}`;
  const faults: readonly (readonly [string, boolean])[] = [
    ['is empty', title === ''],
    ['holds a line break', /[\r\n]/.test(title)],
    [`takes more than ${maxLineBytes} bytes`, Buffer.byteLength(line) > maxLineBytes],
  ];
  const fault = faults.find(([, isFault]) => isFault);
  if (fault) {
    throw new TitlesmithError(`The title ${quoted(title)} ${fault[0]}.`, {
      code: 'dataset-title',
      hint: 'A title of the dataset is one short line: clean the titles first.',
    });
  }
  return `${line}\n`;
}

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
    for (const title of train) await files.train.write(formatLine(title));
    for (const title of validation) await files.validation.write(formatLine(title));
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
    formatLine(title);
    split.add(placeOf(title));
  }
  await onChecked?.();
  return writeBoth(folder, async (files) => {
    const counts = { train: 0, validation: 0 };
    for await (const title of titles()) {
      const side = split.isHeldOut(placeOf(title)) ? 'validation' : 'train';
      await files[side].write(formatLine(title));
      counts[side] += 1;
    }
    return counts;
  });
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function decodeLine(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function malformed(where: string, what: string): TitlesmithError {
  return new TitlesmithError(`${where} ${what}.`, {
    code: 'dataset-malformed',
    hint: `Every line of a dataset is ${opening}title${closing}.`,
  });
}

function parseLine(bytes: Uint8Array, where: string): string {
  const line = decodeLine(bytes);
  if (line === undefined) throw malformed(where, 'is not UTF-8 text');
  const isDelimited = line.startsWith(opening) && line.endsWith(closing);
  if (!isDelimited || line.length <= opening.length + closing.length) {
    throw malformed(where, `is not a title between its delimiters: ${quoted(line)}`);
  }
  return line.slice(opening.length, -closing.length);
}

/**
 * The titles of a dataset file, in order, without their delimiters; streamed.
 * @throws TitlesmithError naming file and line of a line that is not a delimited title, not UTF-8, or endless.
 */
export async function* readDataset(path: string): AsyncGenerator<string> {
  checkArgument('readDataset', 'path', path, isText);
  let number = 0;
  const onTooLong = (line: number): never => {
    throw malformed(`${path}:${line}`, `is longer than ${maxLineBytes} bytes`);
  };
  for await (const line of byteLines(readDecompressed(path), maxLineBytes, onTooLong)) {
    number += 1;
    yield parseLine(line, `${path}:${number}`);
  }
}

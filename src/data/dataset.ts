import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { TitlesmithError } from '../common/errors.js';
import { writeAtomically, writeChunksAtomic } from '../io/atomic-file.js';
import { readDecompressed } from '../io/compression/compressed-file.js';
import { byteLines } from '../io/lines.js';
import { titleOptions } from '../options/table/titles.js';

const [opening, closing] = ['<|startoftext|>', '<|endoftext|>'];

/**
 * No cleaned title comes near this; a line that does is from a file of another kind. Bounds the memory of a file
 * without line breaks, and the merging of a long word, whose time is quadratic.
 */
const longestLineBytes = 2 ** 15;

export interface SplitTitles {
  readonly train: readonly string[];
  readonly validation: readonly string[];
}

/** A place in [0, 1) that depends on the title alone: the first 48 bits of its SHA-256. */
function placeOf(title: string): number {
  return createHash('sha256').update(title).digest().readUIntBE(0, 6) / 2 ** 48;
}

/** The lowest and the highest place of a set of titles: one of either goes to each side. */
interface Extremes {
  lowest: number;
  highest: number;
}

function widen(extremes: Extremes, place: number): void {
  extremes.lowest = Math.min(extremes.lowest, place);
  extremes.highest = Math.max(extremes.highest, place);
}

function isHeldOut(place: number, { lowest, highest }: Extremes, validationShare: number): boolean {
  return lowest < highest && (place === lowest || (place < validationShare && place !== highest));
}

function checkShare(validationShare: number): void {
  if (validationShare > 0 && validationShare < 1) return;
  throw new RangeError(`validationShare ${validationShare} is not between 0 and 1`);
}

/**
 * Holds out about `validationShare` of the titles by their hash, so that a title stays on its side when others come or
 * go. Of two or more different titles at least one is on each side. Keeps the order given.
 * @throws RangeError when the share is not between 0 and 1.
 */
export function splitTitles(
  titles: readonly string[],
  { validationShare = titleOptions.validationShare.default }: { readonly validationShare?: number } = {},
): SplitTitles {
  checkShare(validationShare);
  const places = titles.map(placeOf);
  const extremes: Extremes = { lowest: 1, highest: 0 };
  for (const place of places) widen(extremes, place);
  const heldOut = places.map((place) => isHeldOut(place, extremes, validationShare));
  return {
    train: titles.filter((_, index) => !heldOut[index]),
    validation: titles.filter((_, index) => heldOut[index]),
  };
}

/** Text quoted for a message, cut where it is long. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function formatLine(title: string): string {
  const line = `${opening}${title}${closing}`;
  const faults: readonly (readonly [string, boolean])[] = [
    ['is empty', title === ''],
    ['holds a line break', /[\r\n]/.test(title)],
    [`takes more than ${longestLineBytes} bytes`, Buffer.byteLength(line) > longestLineBytes],
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

/**
 * Writes train.txt and validation.txt: `<|startoftext|>title<|endoftext|>`, one a line.
 * @throws TitlesmithError for a title that is not one short line, or a file that cannot be written.
 */
export async function writeDataset(folder: string, { train, validation }: SplitTitles): Promise<void> {
  await writeChunksAtomic(join(folder, 'train.txt'), train.map(formatLine));
  await writeChunksAtomic(join(folder, 'validation.txt'), validation.map(formatLine));
}

/**
 * What {@link splitTitles} and {@link writeDataset} do, on titles of any number: they are read twice and never held.
 * @param titles gives the same titles each time it is called.
 * @returns how many titles are on each side.
 * @throws RangeError for a share not between 0 and 1; TitlesmithError for a title that is not one short line, or a file
 * that cannot be written.
 */
export async function writeSplitDataset(
  folder: string,
  titles: () => AsyncIterable<string>,
  { validationShare = titleOptions.validationShare.default }: { readonly validationShare?: number } = {},
): Promise<{ readonly train: number; readonly validation: number }> {
  checkShare(validationShare);
  const extremes: Extremes = { lowest: 1, highest: 0 };
  for await (const title of titles()) widen(extremes, placeOf(title));
  const paths = ['train.txt', 'validation.txt'].map((name) => join(folder, name)) as [string, string];
  return writeAtomically(paths, async ([train, validation]) => {
    const counts = { train: 0, validation: 0 };
    for await (const title of titles()) {
      const side = isHeldOut(placeOf(title), extremes, validationShare) ? 'validation' : 'train';
      await { train, validation }[side].write(formatLine(title));
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
  let number = 0;
  const onTooLong = (line: number): never => {
    throw malformed(`${path}:${line}`, `is longer than ${longestLineBytes} bytes`);
  };
  for await (const line of byteLines(readDecompressed(path), longestLineBytes, onTooLong)) {
    number += 1;
    yield parseLine(line, `${path}:${number}`);
  }
}

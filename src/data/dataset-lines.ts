import { TitlesmithError } from '../common/errors.js';
import { byteLines } from '../io/lines.js';

const [opening, closing] = ['<|startoftext|>', '<|endoftext|>'];

/**
 * No cleaned title comes near this; a line that does is from a file of another kind. Bounds the memory of a file
 * without line breaks, and the merging of a long word, whose time is quadratic.
 */
const maxLineBytes = 2 ** 15;

const encoder = new TextEncoder();

/** Text quoted for a message, cut where it is long. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/**
 * A title between its delimiters, line feed included.
 * @throws TitlesmithError for a title that is not one short line.
 */
export function datasetLine(title: string): string {
  const line = `${opening}${title}${closing}`;
  const faults: readonly (readonly [string, boolean])[] = [
    ['is empty', title === ''],
    ['holds a line break', /[\r\n]/.test(title)],
    [`takes more than ${maxLineBytes} bytes`, encoder.encode(line).length > maxLineBytes],
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
 * @param path of the file, for messages.
 * @throws TitlesmithError naming file and line of a line that is not a delimited title, not UTF-8, or endless.
 */
export async function* titlesInDataset(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<string> {
  let number = 0;
  const onTooLong = (line: number): never => {
    throw malformed(`${path}:${line}`, `is longer than ${maxLineBytes} bytes`);
  };
  for await (const line of byteLines(chunks, maxLineBytes, onTooLong)) {
    number += 1;
    yield parseLine(line, `${path}:${number}`);
  }
}

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { fileError, systemErrorCode, TitlesmithError } from '../../../common/errors.js';

/** Bytes of a file's beginning by which text is told from anything else. */
const sniffedBytes = 65_536;
/** Share of characters of the beginning that may be broken UTF-8. */
const brokenShareTolerated = 0.01;
const replacement = '\uFFFD';

function notText(path: string, why: string, hint: string): TitlesmithError {
  return new TitlesmithError(`Cannot read ${path}: ${why}.`, { code: 'not-text', hint });
}

function checkBeginning(bytes: Uint8Array, path: string): void {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw notText(path, 'it is UTF-16', 'Save it as UTF-8.');
  }
  if (bytes.includes(0)) throw notText(path, 'it is a binary file', 'Name a CSV or a text file.');
  const text = new TextDecoder().decode(bytes, { stream: true });
  const broken = text.split(replacement).length - 1;
  if (broken > text.length * brokenShareTolerated) {
    throw notText(path, 'it is a binary file, or text that is not UTF-8', 'Save it as UTF-8.');
  }
}

/** A stream of the file's bytes, unpacked where its name ends in `.gz`. */
function openBytes(path: string): AsyncIterable<Uint8Array> {
  if (/\.(zst|bz2|xz|zip)$/i.test(path)) {
    throw notText(path, 'only .gz is unpacked for files of titles', 'Unpack it first.');
  }
  const file = createReadStream(path);
  return path.toLowerCase().endsWith('.gz') ? pipeline(file, createGunzip(), () => {}) : file;
}

/**
 * A UTF-8 text file piece by piece, without its byte order mark. `.gz` is unpacked.
 * @param onBroken told at the end how many U+FFFD the text holds, where bytes were not UTF-8 or the file had
 * them.
 * @throws TitlesmithError when it is not there, empty, binary or in another encoding.
 */
export async function* readText(path: string, onBroken?: (count: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let checked = false;
  let broken = 0;
  const count = (text: string): string => {
    broken += text.split(replacement).length - 1;
    return text;
  };
  try {
    await (await open(path)).close();
    for await (const bytes of openBytes(path)) {
      if (!checked) checkBeginning(bytes.subarray(0, sniffedBytes), path);
      checked = true;
      yield count(decoder.decode(bytes, { stream: true }));
    }
  } catch (error) {
    if (systemErrorCode(error)?.startsWith('Z_'))
      throw notText(path, 'it is not a gzip file', 'Check its name.');
    throw fileError('read', path, error);
  }
  if (!checked) {
    throw new TitlesmithError(`Cannot read ${path}: it is empty.`, {
      code: 'empty-file',
      hint: 'Name a file with at least one title.',
    });
  }
  yield count(decoder.decode());
  if (broken > 0) onBroken?.(broken);
}

/** The lines of a text, without their ends (LF, CRLF or CR). */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    // A CR at the end may be half of a CRLF: it waits for the next piece.
    const lines = `${rest}${chunk}`.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest.replace(/\r$/, '');
}

import { TitlesmithError } from '../common/errors.js';

/**
 * Bytes decoded at a time, and looked at to tell text from anything else, and its encoding. What is made of larger
 * chunks (the records of a CSV) outlives the young generation of the garbage collector, which takes a tenth more time.
 */
const decodedBytes = 65_536;
/** Maximum share of control characters in text. */
const controlShareTolerated = 0.01;
const replacement = '\uFFFD';

/** Called with a warning about a text file that can be read nevertheless. */
export type TextRemark = (message: string) => void;

function notText(name: string, why: string, hint: string): TitlesmithError {
  return new TitlesmithError(`Cannot read ${name}: ${why}.`, { code: 'not-text', hint });
}

/** @throws TitlesmithError when the beginning of a file is not that of text in bytes. */
function checkBeginning(bytes: Uint8Array, name: string): void {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw notText(name, 'it is UTF-16', 'Save it as UTF-8.');
  }
  let controls = 0;
  for (const byte of bytes) {
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c) controls += 1;
  }
  if (bytes.includes(0) || controls > bytes.length * controlShareTolerated) {
    throw notText(name, 'it is a binary file', 'Name a CSV or a text file.');
  }
}

/**
 * Detects UTF-8 or Latin-1 (in practice Windows-1252) from bytes of which some are not ASCII. UTF-8 with a few errors
 * still counts as UTF-8; in Latin-1, letters beyond ASCII are hardly ever valid UTF-8.
 */
function detectEncoding(bytes: Uint8Array): 'utf-8' | 'windows-1252' {
  const text = new TextDecoder().decode(bytes, { stream: true });
  let [faults, letters] = [0, 0];
  for (const character of text) {
    if (character === replacement) faults += 1;
    else if (character > '\x7f') letters += 1;
  }
  return faults > letters ? 'windows-1252' : 'utf-8';
}

function isAscii(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index += 1) if (bytes[index]! > 0x7f) return false;
  return true;
}

function countOf(character: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}

async function* parted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += decodedBytes) {
      yield chunk.subarray(start, start + decodedBytes);
    }
  }
}

/**
 * Text from its bytes, without its byte order mark: UTF-8, or Latin-1 where it is that, which is decided at the first
 * 64 KiB that are not all ASCII.
 * @param name of the file, for messages.
 * @param onRemark called if it is not UTF-8, or not entirely.
 * @throws TitlesmithError when it is empty, binary or UTF-16; and what the iteration of the chunks throws.
 */
export async function* decodeText(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  onRemark?: TextRemark,
): AsyncGenerator<string> {
  let isEmpty = true;
  let decoder = new TextDecoder();
  let isDecided = false;
  let broken = 0;
  for await (const bytes of parted(chunks)) {
    if (isEmpty) checkBeginning(bytes, name);
    isEmpty = false;
    if (!isDecided && !isAscii(bytes)) {
      isDecided = true;
      const encoding = detectEncoding(bytes);
      if (encoding !== 'utf-8') {
        onRemark?.(`${name} is not UTF-8: it is read as Latin-1 (Windows-1252)`);
        decoder = new TextDecoder(encoding);
      }
    }
    const text = decoder.decode(bytes, { stream: true });
    broken += countOf(replacement, text);
    yield text;
  }
  if (isEmpty) {
    throw new TitlesmithError(`Cannot read ${name}: it is empty.`, {
      code: 'empty-file',
      hint: 'Name a file with at least one title.',
    });
  }
  const rest = decoder.decode();
  broken += countOf(replacement, rest);
  if (broken > 0) onRemark?.(`${name} holds ${broken} characters that are not UTF-8; they are taken out`);
  yield rest;
}

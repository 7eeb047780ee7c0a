import { TitlesmithError } from '../../common/errors.js';

const replacement = '\uFFFD';
/** Share of bytes that may be control characters, which text does not hold. */
const controlShareTolerated = 0.01;

function notText(path: string, why: string, hint: string): TitlesmithError {
  return new TitlesmithError(`Cannot read ${path}: ${why}.`, { code: 'not-text', hint });
}

/** @throws TitlesmithError when the beginning of a file is not that of text in bytes. */
export function checkBeginning(bytes: Uint8Array, path: string): void {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw notText(path, 'it is UTF-16', 'Save it as UTF-8.');
  }
  let controls = 0;
  for (const byte of bytes) {
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c) controls += 1;
  }
  if (bytes.includes(0) || controls > bytes.length * controlShareTolerated) {
    throw notText(path, 'it is a binary file', 'Name a CSV or a text file.');
  }
}

/**
 * UTF-8, or the Latin-1 that people have (which is Windows-1252): told by bytes of which some are not ASCII. UTF-8 with
 * a few faults is UTF-8 still; in Latin-1 hardly a letter beyond ASCII happens to be UTF-8 as well.
 */
export function encodingOf(bytes: Uint8Array): 'utf-8' | 'windows-1252' {
  const text = new TextDecoder().decode(bytes, { stream: true });
  let [faults, letters] = [0, 0];
  for (const character of text) {
    if (character === replacement) faults += 1;
    else if (character > '\x7f') letters += 1;
  }
  return faults > letters ? 'windows-1252' : 'utf-8';
}

import { TitlesmithError } from '../common/errors.js';
import { fileKind } from './file-kinds.js';

/** Tells text from anything else, by the beginning of a file. */

/** Maximum share of control characters in text, and how many a short text may hold all the same. */
const controlShareTolerated = 0.01;
const controlsTolerated = 4;
/** Share of NUL bytes from which bytes are no text: half of the bytes of English in UTF-16 are NUL. */
const nulShare = 0.2;
/** Share of bytes that are no UTF-8 from which bytes with control characters are no text: a third of bytes by chance are such. */
const strayShare = 0.1;

function notText(name: string, what: string, hint: string): TitlesmithError {
  return new TitlesmithError(`Cannot read ${name}: it is ${what}.`, { code: 'not-text', hint });
}

const isControl = (unit: number): boolean =>
  unit < 0x20 && unit !== 0x09 && unit !== 0x0a && unit !== 0x0d && unit !== 0x0c;

const tolerated = (length: number): number => Math.max(controlsTolerated, length * controlShareTolerated);

/** Whether bytes are those of text in UTF-8 or in a code of one byte a letter. */
function isText(bytes: Uint8Array): boolean {
  let [controls, nuls] = [0, 0];
  for (const byte of bytes) {
    if (byte === 0) nuls += 1;
    else if (isControl(byte)) controls += 1;
  }
  if (nuls > bytes.length * nulShare || controls > tolerated(bytes.length)) return false;
  const hasMany = controls + nuls > bytes.length * controlShareTolerated;
  return !hasMany || strayBytes(bytes) <= bytes.length * strayShare;
}

/** Bytes from 0x80 that belong to no sequence of UTF-8, or nearly: each is counted that follows no other, and is followed by none. */
function strayBytes(bytes: Uint8Array): number {
  let [strays, open] = [0, 0];
  for (const byte of bytes) {
    const isInside = byte >= 0x80 && byte < 0xc0;
    if (isInside && open > 0) {
      open -= 1;
      continue;
    }
    strays += open > 0 ? 1 : 0;
    open = byte < 0xc2 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : byte < 0xf5 ? 3 : 0;
    if (byte >= 0x80 && open === 0) strays += 1;
  }
  return strays;
}

/** Whether units of UTF-16, two bytes each, are those of text: bytes by chance hold control characters and halves of pairs. */
function isTextInUtf16(bytes: Uint8Array, isLittle: boolean): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const units = Math.floor(bytes.length / 2);
  let [faults, hasHigh] = [0, false];
  for (let index = 0; index < units; index += 1) {
    const unit = view.getUint16(2 * index, isLittle);
    const isLow = unit >= 0xdc00 && unit < 0xe000;
    if (hasHigh !== isLow || isControl(unit)) faults += 1;
    hasHigh = unit >= 0xd800 && unit < 0xdc00;
  }
  return faults <= tolerated(units);
}

/**
 * @param bytes the beginning of a file.
 * @param name of the file, for messages.
 * @param utf16 its encoding where it begins with the mark of that.
 * @throws TitlesmithError when it is not that of text: what it is, as far as that is known, and what to do.
 */
export function checkIsText(
  bytes: Uint8Array,
  name: string,
  utf16: 'utf-16le' | 'utf-16be' | undefined,
): void {
  const kind = fileKind(bytes, name);
  if (kind) throw notText(name, kind.what, kind.hint);
  if (utf16 === undefined ? isText(bytes) : isTextInUtf16(bytes, utf16 === 'utf-16le')) return;
  throw notText(name, 'a binary file', 'Name a CSV or a text file.');
}

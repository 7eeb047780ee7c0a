/** Blocks of an archive: headers take one, contents are filled up to whole ones. */
export const blockBytes = 512;

/** What a header says of the entry that follows it. */
export interface TarHeader {
  readonly name: string;
  /** `file`, `directory`, `symlink` and so on; the letter of a kind that is not known. */
  readonly type: string;
  /** Bytes of its content. */
  readonly size: number;
}

/** Offset and length of the fields that are used (POSIX pax, "ustar Interchange Format"). */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  user: [108, 8],
  group: [116, 8],
  size: [124, 12],
  time: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 8],
  deviceMajor: [329, 8],
  deviceMinor: [337, 8],
  prefix: [345, 155],
} as const;

type Field = keyof typeof fields;

/** `ustar`, ended by zero, and the version; and as GNU's tar writes it. */
const [ustarMagic, gnuMagic] = ['ustar\u000000', 'ustar  \u0000'];

/** Kinds of entries by the letter in the header. */
const types: ReadonlyMap<string, string> = new Map([
  ['\u0000', 'file'],
  ['0', 'file'],
  ['1', 'link'],
  ['2', 'symlink'],
  ['3', 'character-device'],
  ['4', 'block-device'],
  ['5', 'directory'],
  ['6', 'fifo'],
  ['7', 'contiguous-file'],
  ['x', 'pax-header'],
  ['g', 'pax-global-header'],
  ['K', 'gnu-long-link-path'],
  ['L', 'gnu-long-path'],
  ['N', 'gnu-long-path'],
]);

const [encoder, decoder] = [new TextEncoder(), new TextDecoder('utf-8', { ignoreBOM: true })];

/** The bytes of a block's field. */
function fieldOf(block: Uint8Array, field: Field): Uint8Array {
  const [offset, length] = fields[field];
  return block.subarray(offset, offset + length);
}

/** Text up to the first zero. */
export function textUpToZero(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** The sum of a header's bytes, those of the sum itself taken for spaces. */
function checksumOf(block: Uint8Array): number {
  const own = fieldOf(block, 'checksum').reduce((sum, byte) => sum + byte, 0);
  return block.reduce((sum, byte) => sum + byte, 0) - own + 8 * 0x20;
}

/** A number in octal digits; or, where the first bit is set, in bytes, the highest first. @throws Error for another. */
function readNumber(bytes: Uint8Array): number {
  if (bytes[0]! & 0x80) {
    const value = bytes.subarray(1).reduce((sum, byte) => sum * 256 + byte, bytes[0]! & 0x7f);
    if (Number.isSafeInteger(value)) return value;
    throw new Error('Invalid tar header: a number in it is too large');
  }
  const text = textUpToZero(bytes).trim();
  if (!/^[0-7]*$/.test(text)) throw new Error('Invalid tar header: a number in it is malformed');
  return Number.parseInt(text || '0', 8);
}

/**
 * Reads a block as a header.
 * @returns undefined for one of zeros, as they end an archive.
 * @throws Error when it is none, or damaged.
 */
export function decodeTarHeader(block: Uint8Array): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (checksumOf(block) !== readNumber(fieldOf(block, 'checksum')))
    throw new Error('Invalid tar header: it is damaged, or this is no archive');
  const magic = decoder.decode(fieldOf(block, 'magic'));
  if (!magic.startsWith(ustarMagic.slice(0, 6)) && magic !== gnuMagic)
    throw new Error('Invalid tar header: its format is unknown');
  const prefix = magic === gnuMagic ? '' : textUpToZero(fieldOf(block, 'prefix'));
  const own = textUpToZero(fieldOf(block, 'name'));
  const name = prefix === '' ? own : `${prefix}/${own}`;
  const letter = String.fromCharCode(...fieldOf(block, 'type'));
  const type = types.get(letter) ?? `entry of the kind ${letter}`;
  // Old archives have no kind for folders.
  const isFolder = type === 'file' && name.endsWith('/');
  return { name, type: isFolder ? 'directory' : type, size: readNumber(fieldOf(block, 'size')) };
}

const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')} `;

/** A name in two parts, so that both fit their fields; undefined where that is not possible, or it is not of ASCII alone. */
function splitName(name: string): readonly [prefix: string, name: string] | undefined {
  if (encoder.encode(name).length !== name.length) return undefined;
  const [, nameLimit] = fields.name;
  if (name.length <= nameLimit) return ['', name];
  const slash = name.indexOf('/', name.length - nameLimit - 1);
  if (slash < 0 || slash > fields.prefix[1]) return undefined;
  return [name.slice(0, slash), name.slice(slash + 1)];
}

function encodeBlock(prefix: string, name: string, size: number, letter: string): Uint8Array {
  const block = new Uint8Array(blockBytes);
  const put = (field: Field, text: string): void => block.set(encoder.encode(text), fields[field][0]);
  put('name', name);
  put('prefix', prefix);
  put('mode', octal(0o644, 6));
  for (const field of ['user', 'group', 'deviceMajor', 'deviceMinor'] as const) put(field, octal(0, 6));
  if (size < 8 ** 11) {
    put('size', octal(size, 11));
  } else {
    const view = new DataView(block.buffer, fields.size[0], fields.size[1]);
    view.setUint8(0, 0x80);
    view.setBigUint64(4, BigInt(size));
  }
  put('time', octal(0, 11));
  put('type', letter);
  put('magic', ustarMagic);
  put('checksum', octal(checksumOf(block), 6));
  return block;
}

/** Zeros up to the end of a block. */
export function padding(size: number): Uint8Array {
  return new Uint8Array((blockBytes - (size % blockBytes)) % blockBytes);
}

/** A record of an extended header: its own length in digits, then what it says. */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = encoder.encode(` ${key}=${value}\n`).length;
  let length = rest;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return encoder.encode(`${length} ${key}=${value}\n`);
}

/** The blocks before a file's content: one, or more where its name does not fit. Of all files mode and time are the same. */
export function* encodeTarHeader(name: string, size: number): Generator<Uint8Array> {
  const parts = splitName(name);
  if (parts) {
    yield encodeBlock(...parts, size, '0');
    return;
  }
  const record = paxRecord('path', name);
  yield encodeBlock('', 'PaxHeader', record.length, 'x');
  yield record;
  yield padding(record.length);
  yield encodeBlock('', 'PaxHeader', size, '0');
}

/** The records of an extended header. @throws Error when it is malformed. */
export function readPaxRecords(bytes: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let start = 0; start < bytes.length; ) {
    const digits = /^[1-9]\d{0,8}(?= )/.exec(decoder.decode(bytes.subarray(start, start + 10)))?.[0] ?? '';
    const end = start + Number(digits);
    const record = decoder.decode(bytes.subarray(start + digits.length + 1, end));
    const equals = record.indexOf('=');
    if (digits === '' || end > bytes.length || equals < 0 || !record.endsWith('\n'))
      throw new Error('an extended header of it is malformed');
    records.set(record.slice(0, equals), record.slice(equals + 1, -1));
    start = end;
  }
  return records;
}

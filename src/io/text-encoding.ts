import { TitlesmithError } from '../common/errors.js';
import { checkIsText } from './text-check.js';

/**
 * Bytes decoded at a time, and looked at to tell text from anything else, and its encoding. What is made of larger
 * chunks (the records of a CSV) outlives the young generation of the garbage collector, which takes a tenth more time.
 */
const decodedBytes = 65_536;

/** Called with a warning about a text file that can be read nevertheless. */
export type TextRemark = (message: string) => void;

/** The encoding of text in UTF-16 by its byte order mark, as spreadsheets write it; undefined without one. */
function markedUtf16([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}

/** Length of the UTF-8 sequence that begins with a byte, as its high bits say; 0 where none begins so. */
function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/** Bytes at the end of a chunk that may begin a sequence which the next chunk completes: 0 to 3. */
function openBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte >= 0xc0) return sequenceLength(byte) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

function concatenated(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/**
 * Bytes 0x80 to 0x9F in Windows-1252 (WHATWG Encoding, index-windows-1252). Kept here, as some versions of Node decode them
 * as Latin-1, to control characters, where a text is decoded at once.
 */
const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

function fromWindows1252(byte: number): string {
  return windows1252[byte - 0x80] ?? String.fromCharCode(byte);
}

/** Text from its bytes, as they come. */
interface Decoder {
  /** Bytes read as Windows-1252 so far. */
  readonly strayBytes: number;
  /** The text of the next bytes; what may be half a letter waits for more of them, unless these are the last. */
  decode(bytes: Uint8Array, isLast: boolean): string;
}

/** UTF-16, in which half a pair becomes a replacement character. */
class Utf16Decoder implements Decoder {
  readonly strayBytes = 0;
  private readonly decoder: InstanceType<typeof TextDecoder>;

  constructor(encoding: 'utf-16le' | 'utf-16be') {
    this.decoder = new TextDecoder(encoding, { ignoreBOM: true });
  }

  decode(bytes: Uint8Array, isLast: boolean): string {
    return this.decoder.decode(bytes, { stream: !isLast });
  }
}

/** UTF-8 in which each byte that belongs to no valid sequence is read as Windows-1252 (WHATWG Encoding, 9.1). */
class LenientDecoder implements Decoder {
  strayBytes = 0;
  /** Bytes that may begin a letter. */
  private rest = new Uint8Array();
  private readonly strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  decode(bytes: Uint8Array, isLast: boolean): string {
    const joined = this.rest.length > 0 ? concatenated(this.rest, bytes) : bytes;
    const whole = isLast ? joined.length : joined.length - openBytes(joined);
    // A copy: the chunk may be overwritten.
    this.rest = Uint8Array.from(joined.subarray(whole));
    const complete = joined.subarray(0, whole);
    return this.strictly(complete) ?? this.leniently(complete);
  }

  private strictly(bytes: Uint8Array): string | undefined {
    try {
      return this.strict.decode(bytes);
    } catch {
      return undefined;
    }
  }

  private leniently(bytes: Uint8Array): string {
    let text = '';
    let valid = 0;
    let at = 0;
    while (at < bytes.length) {
      const length = sequenceLength(bytes[at]!);
      const isValid =
        length === 1 ||
        // Looked at first, as most stray bytes stand before ASCII, and a decoder that throws is slow.
        (length > 1 &&
          (bytes[at + 1] ?? 0) >> 6 === 0b10 &&
          at + length <= bytes.length &&
          this.strictly(bytes.subarray(at, at + length)) !== undefined);
      if (isValid) {
        at += length;
        continue;
      }
      text += this.strict.decode(bytes.subarray(valid, at)) + fromWindows1252(bytes[at]!);
      this.strayBytes += 1;
      at += 1;
      valid = at;
    }
    return text + this.strict.decode(bytes.subarray(valid));
  }
}

/** The same bytes, the first of the chunks as long as is looked at, however short those that come are. */
async function* parted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const beginning = new Uint8Array(decodedBytes);
  let filled = 0;
  for await (const chunk of chunks) {
    let rest = chunk;
    if (filled < decodedBytes) {
      const taken = chunk.subarray(0, decodedBytes - filled);
      beginning.set(taken, filled);
      filled += taken.length;
      rest = chunk.subarray(taken.length);
      if (filled === decodedBytes) yield beginning;
    }
    for (let start = 0; start < rest.length; start += decodedBytes) {
      yield rest.subarray(start, start + decodedBytes);
    }
  }
  if (filled > 0 && filled < decodedBytes) yield beginning.subarray(0, filled);
}

/**
 * Text from its bytes, without its byte order mark: UTF-16 where that says so, else UTF-8, in which each byte that is none is read as Windows-1252 and
 * counted. So Latin-1 is read as what it is, and a stray byte changes nothing but itself.
 * @param name of the file, for messages.
 * @param onRemark called at the end if it is not entirely UTF-8.
 * @throws TitlesmithError when it is empty, binary or UTF-16 without a mark; and what the iteration of the chunks throws.
 */
export async function* decodeText(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  onRemark?: TextRemark,
): AsyncGenerator<string> {
  let isEmpty = true;
  let isBeginning = true;
  let decoder: Decoder = new LenientDecoder();
  const decode = (bytes: Uint8Array, isLast: boolean): string => {
    const text = decoder.decode(bytes, isLast);
    if (!isBeginning || text === '') return text;
    isBeginning = false;
    return text.replace(/^\uFEFF/, '');
  };
  for await (const bytes of parted(chunks)) {
    if (isEmpty) {
      const utf16 = markedUtf16(bytes);
      checkIsText(bytes, name, utf16);
      if (utf16) decoder = new Utf16Decoder(utf16);
    }
    isEmpty = false;
    yield decode(bytes, false);
  }
  if (isEmpty) {
    throw new TitlesmithError(`Cannot read ${name}: it is empty.`, {
      code: 'empty-file',
      hint: 'Name a file with at least one title.',
    });
  }
  const rest = decode(new Uint8Array(), true);
  const { strayBytes } = decoder;
  if (strayBytes > 0) {
    const bytes = strayBytes === 1 ? '1 byte that is' : `${strayBytes} bytes that are`;
    onRemark?.(`${name} holds ${bytes} not UTF-8: read as Windows-1252 (Latin-1)`);
  }
  yield rest;
}

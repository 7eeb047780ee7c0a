import { crc32, inflateSync } from 'node:zlib';

/** A picture as bytes of red, green, blue and opacity, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
  /** What its text chunks say, by keyword. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Decodes a PNG of 8 bits a channel with opacity, without interlacing (PNG, third edition), and checks all its sums. */
export function decodePng(file: Buffer): Pixels {
  if (file.subarray(0, 8).toString('hex') !== '89504e470d0a1a0a') throw new Error('This is no PNG.');
  const texts = new Map<string, string>();
  const data: Buffer[] = [];
  let [width, height, place, kind] = [0, 0, 8, ''];
  while (kind !== 'IEND') {
    const length = file.readUInt32BE(place);
    kind = file.toString('latin1', place + 4, place + 8);
    const body = file.subarray(place + 8, place + 8 + length);
    if (crc32(file.subarray(place + 4, place + 8 + length)) !== file.readUInt32BE(place + 8 + length))
      throw new Error(`The sum of ${kind} is wrong.`);
    if (kind === 'IHDR') {
      [width, height] = [body.readUInt32BE(0), body.readUInt32BE(4)];
      if (body.subarray(8).toString('hex') !== '0806000000') throw new Error('It is of another kind.');
    } else if (kind === 'IDAT') data.push(body);
    else if (kind === 'tEXt') {
      const [keyword = '', text = ''] = body.toString('latin1').split('\0');
      texts.set(keyword, text);
    }
    place += length + 12;
  }
  if (place !== file.length) throw new Error('Something stands behind the end.');
  return { width, height, bytes: unfiltered(inflateSync(Buffer.concat(data)), width, height), texts };
}

function unfiltered(raw: Uint8Array, width: number, height: number): Uint8Array {
  const row = 4 * width;
  if (raw.length !== (row + 1) * height) throw new Error('It has not the pixels that it says.');
  const bytes = new Uint8Array(row * height);
  const at = (y: number, i: number): number => (y < 0 || i < 0 ? 0 : bytes[y * row + i]!);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)]!;
    for (let i = 0; i < row; i++) {
      const [left, up, corner] = [at(y, i - 4), at(y - 1, i), i < 4 ? 0 : at(y - 1, i - 4)];
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]!;
      bytes[y * row + i] = raw[y * (row + 1) + 1 + i]! + guess;
    }
  }
  return bytes;
}

function paeth(left: number, up: number, corner: number): number {
  const near = [left, up, corner].map((value) => Math.abs(left + up - corner - value));
  return [left, up, corner][near.indexOf(Math.min(...near))]!;
}

import { TitlesmithError } from '../common/errors.js';

interface Header {
  /** Fingerprints. */
  readonly count: number;
  /** Low bits of a difference. */
  readonly bits: number;
}

/** Identifies the format and its version. */
const magic = 0x3146_5354;
const headerBytes = 12;
const largestBits = 24;

/** The number below count · 2^bits that stands for a 64-bit fingerprint: floor(fingerprint · range / 2^64). */
function scaled(fingerprint: bigint, { count, bits }: Header): number {
  return Number((fingerprint * (BigInt(count) << BigInt(bits))) >> 64n);
}

/**
 * A {@link FingerprintSet} as bytes; the same for the same fingerprints.
 * @param fingerprints 64 bits each, evenly distributed, as a hash is; in any order.
 * @param bits the share of false positives is 2^-bits; 1 to 24.
 */
export function encodeFingerprints(fingerprints: BigUint64Array, bits: number): Uint8Array {
  const header = { count: fingerprints.length, bits };
  const numbers = Float64Array.from(fingerprints, (fingerprint) => scaled(fingerprint, header)).sort();
  const low = 2 ** bits;
  // A sum of n differences of a range n · 2^bits has at most 2n ones and zeros in its high parts.
  const bytes = new Uint8Array(headerBytes + Math.ceil((numbers.length * (bits + 2) + 1) / 8));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, header.count, true);
  view.setUint32(8, bits, true);
  let position = 8 * headerBytes;
  const write = (bit: number): void => {
    if (bit) bytes[position >> 3]! |= 1 << (position & 7);
    position += 1;
  };
  let before = 0;
  for (const number of numbers) {
    const difference = number - before;
    before = number;
    for (let high = Math.floor(difference / low); high > 0; high--) write(1);
    write(0);
    for (let bit = 0; bit < bits; bit++) write(Math.floor(difference / 2 ** bit) % 2);
  }
  return bytes.subarray(0, Math.ceil(position / 8));
}

/**
 * A set of 64-bit fingerprints in little room, which answers with a small share of false positives: a Golomb-coded set
 * (Putze, Sanders, Singler, "Cache-, hash- and space-efficient Bloom filters", 2007; as in Bitcoin's BIP 158). Each of n
 * fingerprints is scaled to a number below n · 2^bits; the numbers are sorted, and their differences written by Rice's code
 * with that many low bits: about bits + 1.5 bits each. Opened, it takes 8 bytes each.
 */
export class FingerprintSet {
  private constructor(
    private readonly header: Header,
    private readonly numbers: Float64Array,
  ) {}

  /** Reads a set. @param name of it, for messages. @throws TitlesmithError when the bytes are no such set. */
  static decode(bytes: Uint8Array, name: string): FingerprintSet {
    const header = readHeader(bytes, name);
    const { count, bits } = header;
    const low = 2 ** bits;
    const end = 8 * bytes.length;
    const numbers = new Float64Array(count);
    let position = 8 * headerBytes;
    let number = 0;
    for (let index = 0; index < count; index++) {
      let high = 0;
      while (position < end && (bytes[position >> 3]! >> (position & 7)) & 1) {
        high += 1;
        position += 1;
      }
      position += 1;
      if (position + bits > end) throw damaged(name);
      let difference = 0;
      for (let bit = 0; bit < bits; bit++, position++)
        difference |= ((bytes[position >> 3]! >> (position & 7)) & 1) << bit;
      number += high * low + difference;
      numbers[index] = number;
    }
    return new FingerprintSet(header, numbers);
  }

  /** Number of fingerprints. */
  get size(): number {
    return this.header.count;
  }

  /** At most this share of other fingerprints is taken for one of the set, from 0 to 1: the numbers over their range. */
  get falsePositiveRate(): number {
    return 2 ** -this.header.bits;
  }

  /** Whether a 64-bit fingerprint is in the set, or is one of the few that collide. */
  has(fingerprint: bigint): boolean {
    const wanted = scaled(fingerprint, this.header);
    let [low, high] = [0, this.numbers.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.numbers[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return this.numbers[low] === wanted;
  }
}

function readHeader(bytes: Uint8Array, name: string): Header {
  if (bytes.length < headerBytes) throw damaged(name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [count, bits] = [view.getUint32(4, true), view.getUint32(8, true)];
  const isPossible =
    bits >= 1 && bits <= largestBits && count * (bits + 1) <= 8 * (bytes.length - headerBytes);
  if (view.getUint32(0, true) !== magic || !isPossible) throw damaged(name);
  return { count, bits };
}

function damaged(name: string): TitlesmithError {
  return new TitlesmithError(`${name} is damaged: it holds no set of fingerprints.`, {
    code: 'fingerprints-damaged',
    hint: 'Install titlesmith again.',
  });
}

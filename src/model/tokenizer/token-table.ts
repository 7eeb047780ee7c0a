/** Odd and far from a power of two, so that keys that differ in few bits spread well. */
const multiplier = 0x9e3779b1;
/** Marks an empty slot; also the result for bytes that are no token. */
const noToken = -1;

/** The hash of a byte string extended by one byte; the hash of the empty string is 0. */
export function hashNext(hash: number, byte: number): number {
  return (Math.imul(hash, multiplier) + byte + 1) | 0;
}

/** `multiplier` to the power of each number below `count`, modulo 2³². */
export function hashPowers(count: number): Int32Array<ArrayBuffer> {
  const powers = new Int32Array(count);
  powers[0] = 1;
  for (let power = 1; power < count; power++) powers[power] = Math.imul(powers[power - 1]!, multiplier);
  return powers;
}

/**
 * The rolling hash of the bytes between two positions, from the hashes of the prefixes that end at each: hashes are
 * polynomials, so the first prefix can be subtracted (Karp and Rabin, "Efficient randomized pattern-matching
 * algorithms", 1987).
 */
export function hashBetween(before: number, whole: number, power: number): number {
  return (whole - Math.imul(before, power)) | 0;
}

/** A hash table from bytes to token ids, looked up without creating strings. Open addressing with linear probing. */
export class TokenTable {
  private readonly bytes: Uint8Array;
  private readonly starts: Uint32Array;
  private readonly slots: Int32Array;
  private readonly shift: number;

  /** @param tokens byte strings, all different; the index of each is its id. */
  constructor(tokens: readonly string[]) {
    const text = tokens.join('');
    this.bytes = Uint8Array.from(text, (byte) => byte.charCodeAt(0));
    this.starts = new Uint32Array(tokens.length + 1);
    const bits = Math.ceil(Math.log2(2 * tokens.length + 1));
    this.slots = new Int32Array(2 ** bits).fill(noToken);
    this.shift = 32 - bits;
    for (const [id, token] of tokens.entries()) {
      const start = this.starts[id]!;
      const end = start + token.length;
      this.starts[id + 1] = end;
      let hash = 0;
      for (let at = start; at < end; at++) hash = hashNext(hash, this.bytes[at]!);
      let slot = this.slotOf(hash);
      while (this.slots[slot] !== noToken) slot = (slot + 1) & (this.slots.length - 1);
      this.slots[slot] = id;
    }
  }

  /** The id of the token with the bytes from `start` to `end`; -1 if there is none. @param hash of these bytes. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const { slots, starts } = this;
    for (let slot = this.slotOf(hash); ; slot = (slot + 1) & (slots.length - 1)) {
      const id = slots[slot]!;
      if (id === noToken) return id;
      if (starts[id + 1]! - starts[id]! === end - start && this.isAt(bytes, start, id)) return id;
    }
  }

  private isAt(bytes: Uint8Array, start: number, id: number): boolean {
    const end = this.starts[id + 1]!;
    for (let at = this.starts[id]!, other = start; at < end; at++, other++) {
      if (this.bytes[at] !== bytes[other]) return false;
    }
    return true;
  }

  private slotOf(hash: number): number {
    return Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> this.shift;
  }
}

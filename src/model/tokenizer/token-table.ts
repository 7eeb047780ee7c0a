/** Odd, and far from a power of two: spreads what differs in few bits. */
const multiplier = 0x9e3779b1;
const free = -1;

/** The hash of some bytes, one more byte taken in; 0 to begin with. */
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
 * The hash of the bytes between two places, from the hashes of all that ends at each: hashes are polynomials, so what
 * stands before is taken off (Karp and Rabin, "Efficient randomized pattern-matching algorithms", 1987).
 */
export function hashBetween(before: number, whole: number, power: number): number {
  return (whole - Math.imul(before, power)) | 0;
}

/** Finds tokens by their bytes, where these lie, without making strings of them. Open addressing, linear probing. */
export class TokenTable {
  private readonly bytes: Uint8Array;
  private readonly starts: Uint32Array;
  private readonly slots: Int32Array;
  private readonly shift: number;

  /** @param tokens byte strings, all different; the place of each is its id. */
  constructor(tokens: readonly string[]) {
    const text = tokens.join('');
    this.bytes = Uint8Array.from(text, (byte) => byte.charCodeAt(0));
    this.starts = new Uint32Array(tokens.length + 1);
    const bits = Math.ceil(Math.log2(2 * tokens.length + 1));
    this.slots = new Int32Array(2 ** bits).fill(free);
    this.shift = 32 - bits;
    for (const [id, token] of tokens.entries()) {
      const start = this.starts[id]!;
      const end = start + token.length;
      this.starts[id + 1] = end;
      let hash = 0;
      for (let at = start; at < end; at++) hash = hashNext(hash, this.bytes[at]!);
      let slot = this.slotOf(hash);
      while (this.slots[slot] !== free) slot = (slot + 1) & (this.slots.length - 1);
      this.slots[slot] = id;
    }
  }

  /** The id of the token that the bytes `start` to `end` are; -1 where they are none. `hash` is theirs. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const { slots, starts } = this;
    for (let slot = this.slotOf(hash); ; slot = (slot + 1) & (slots.length - 1)) {
      const id = slots[slot]!;
      if (id === free) return id;
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

/**
 * The permutation that NumPy's `default_rng(seed).permutation(count)` gives: SeedSequence, PCG64 (XSL RR 128/64; O'Neill, 2014),
 * Fisher and Yates with numbers cut to the bits needed, those too large drawn again. The titles that no community's vector was fitted on were drawn so.
 * @param seed a whole number below 2^32. @param count below 2^32.
 */
export function numpyPermutation(seed: number, count: number): Uint32Array {
  const next = generator(seed);
  const items = Uint32Array.from({ length: count }, (_, place) => place);
  for (let last = count - 1; last > 0; last--) {
    const other = bounded(next, last);
    const kept = items[last]!;
    items[last] = items[other]!;
    items[other] = kept;
  }
  return items;
}

/** A number from 0 to `most`, of uniform ones below 2^32. */
function bounded(next: () => number, most: number): number {
  const mask = 2 ** (32 - Math.clz32(most)) - 1;
  for (;;) {
    const value = (next() & mask) >>> 0;
    if (value <= most) return value;
  }
}

const multiplier = 0x2360ed051fc65da44385df649fccf645n;
const mask128 = (1n << 128n) - 1n;
const mask64 = (1n << 64n) - 1n;

/** Halves of PCG64's numbers, the lower one first. */
function generator(seed: number): () => number {
  const [first, second, third, fourth] = seedWords(seed) as [bigint, bigint, bigint, bigint];
  const increment = ((((third << 64n) | fourth) << 1n) | 1n) & mask128;
  const stepped = (state: bigint): bigint => (state * multiplier + increment) & mask128;
  let state = stepped((increment + ((first << 64n) | second)) & mask128);
  let upper: number | undefined;
  return () => {
    if (upper !== undefined) {
      const half = upper;
      upper = undefined;
      return half;
    }
    state = stepped(state);
    const folded = (state >> 64n) ^ (state & mask64);
    const turn = state >> 122n;
    const word = ((folded >> turn) | (folded << (64n - turn))) & mask64;
    upper = Number(word >> 32n);
    return Number(word & 0xffffffffn);
  };
}

/** `SeedSequence(seed).generate_state(4, uint64)`. */
function seedWords(seed: number): bigint[] {
  let constant = 0x43b0d7e5;
  const hashed = (value: number, factor: number): number => {
    const mixed = value ^ constant;
    constant = Math.imul(constant, factor);
    const product = Math.imul(mixed, constant);
    return (product ^ (product >>> 16)) >>> 0;
  };
  const entropy = (value: number): number => hashed(value, 0x931e8875);
  const pool = [seed, 0, 0, 0].map(entropy);
  for (const source of pool.keys()) {
    for (const target of pool.keys()) {
      if (source === target) continue;
      const mixed = Math.imul(0xca01f9dd, pool[target]!) - Math.imul(0x4973f715, entropy(pool[source]!));
      pool[target] = (mixed ^ (mixed >>> 16)) >>> 0;
    }
  }
  constant = 0x8b51f9dd;
  const words = Array.from({ length: 8 }, (_, place) => BigInt(hashed(pool[place % 4]!, 0x58f38ded)));
  return [0, 2, 4, 6].map((place) => words[place]! | (words[place + 1]! << 32n));
}

import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { sha256 } from './sha256.js';

/** A seeded random number generator. Every use has its own, so that no two uses share a sequence. */
export interface Random {
  /** Uniform in [0, 1), 32 random bits. */
  uniform(): number;
  /** Uniform integer in [0, limit). `limit` is at most 2^32. */
  integer(limit: number): number;
  /** Standard normal (Box-Muller, "A Note on the Generation of Random Normal Deviates", 1958). */
  normal(): number;
}

/**
 * A generator that depends only on the seed and the name of its use: `createRandom(seed, 'sample', 7)` always
 * gives the same numbers, whatever was drawn from other generators. xoroshiro128+ with 128 bits of state from SHA-256.
 */
export function createRandom(seed: number, ...use: (string | number)[]): Random {
  const digest = sha256(JSON.stringify([seed, ...use]));
  const words = new DataView(digest.buffer, digest.byteOffset);
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => words.getInt32(offset, true)));
  const uniform = (): number => (generator.next() >>> 0) / 2 ** 32;
  let spare: number | undefined;
  return {
    uniform,
    integer: (limit) => Math.floor(uniform() * limit),
    normal: () => {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

/** Fisher-Yates shuffle in place (Knuth, TAOCP 2, 3.4.2, algorithm P). Returns the same array. */
export function shuffle<T extends { [index: number]: unknown; length: number }>(items: T, random: Random): T {
  for (let last = items.length - 1; last > 0; last--) {
    const other = random.integer(last + 1);
    const kept = items[last];
    items[last] = items[other];
    items[other] = kept;
  }
  return items;
}

/** A sample that leaves nothing to chance: at most `count` items, evenly spaced. */
export function evenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);
}

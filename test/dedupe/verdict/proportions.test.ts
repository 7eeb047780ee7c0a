import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import {
  type Counted,
  detectableExcess,
  fewestSignificant,
  fisherGreater,
  normalTail,
  ratioEstimate,
  wilsonShare,
} from '../../../src/dedupe/verdict/proportions.js';
import { packageRoot } from '../../../src/io/package-root.js';

interface Oracle {
  readonly fisher: readonly { readonly outputs: Counted; readonly other: Counted; readonly p: number }[];
  readonly detectable: readonly {
    readonly total: number;
    readonly other: Counted;
    readonly level: number;
    readonly excess: number;
  }[];
}
const path = join(packageRoot, 'test/oracles/proportions.json');
const oracle = JSON.parse(readFileSync(path, 'utf8')) as Oracle;

describe('wilsonShare', () => {
  // Table I of Newcombe, "Two-sided confidence intervals for the single proportion", 1998, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %i in %i agrees with the published interval', (count, total, low, high) => {
    const share = wilsonShare(count, total);
    expect(share.low).toBeCloseTo(low, 4);
    expect(share.high).toBeCloseTo(high, 4);
  });

  it('says nothing about nothing', () => {
    expect(wilsonShare(0, 0)).toEqual({ count: 0, share: 0, low: 0, high: 1 });
  });
});

describe('fisherGreater', () => {
  it.each(oracle.fisher)('agrees with SciPy: $outputs against $other', ({ outputs, other, p }) => {
    expect(fisherGreater(outputs, other)).toBeCloseTo(p, 10);
  });
});

describe('fewestSignificant', () => {
  it('is the count from which on the test finds more', () => {
    const other = { count: 2, total: 300 };
    const count = fewestSignificant(500, other, 0.01)!;
    expect(fisherGreater({ count, total: 500 }, other)).toBeLessThanOrEqual(0.01);
    expect(fisherGreater({ count: count - 1, total: 500 }, other)).toBeGreaterThan(0.01);
    expect(fewestSignificant(3, { count: 0, total: 3 }, 0.01)).toBeUndefined();
  });
});

describe('detectableExcess', () => {
  it.each(oracle.detectable)(
    'agrees with an enumeration of all tables: $total against $other at $level',
    ({ total, other, level, excess }) => {
      expect(detectableExcess(total, other, { level, power: 0.9 })).toBe(excess);
    },
  );

  it('is none where no count would be found', () => {
    expect(detectableExcess(3, { count: 0, total: 3 }, { level: 0.01, power: 0.9 })).toBeUndefined();
  });
});

describe('ratioEstimate', () => {
  it('has the interval that leaving out one text after the other gives', () => {
    const random = createRandom(4, 'texts');
    const sizes = Array.from({ length: 400 }, () => 3 + random.integer(20));
    const counts = sizes.map((size) => random.uniform() * size);
    const { value, low, high } = ratioEstimate(counts, sizes);
    const [all, of] = [counts, sizes].map((list) => list.reduce((sum, one) => sum + one, 0)) as [
      number,
      number,
    ];
    expect(value).toBeCloseTo(all / of, 12);
    // The jackknife (Efron and Stein, Annals of Statistics 9, 1981).
    const without = counts.map((count, i) => (all - count) / (of - sizes[i]!));
    const mean = without.reduce((sum, one) => sum + one, 0) / 400;
    const error = Math.sqrt((399 / 400) * without.reduce((sum, one) => sum + (one - mean) ** 2, 0));
    expect(high - value).toBeCloseTo(1.96 * error, 3);
    expect(value - low).toBeCloseTo(high - value, 12);
  });
});

describe('normalTail', () => {
  // Of scipy.stats.norm.sf.
  it.each([
    [-1, 0.8413447460685429],
    [0, 0.5],
    [0.5, 0.3085375387259869],
    [1.959963984540054, 0.025],
    [2.49, 0.006387154764943],
    [2.51, 0.006036558080412723],
    [4, 3.167124183311986e-5],
    [8, 6.22096057427174e-16],
  ])('of %f is %f', (z, expected) => {
    expect(Math.abs(normalTail(z) / expected - 1)).toBeLessThan(2e-5);
  });
});

import { describe, expect, it } from 'vitest';
import {
  baseStatistics,
  overfitStatistics,
  type RatedCopy,
  wilsonShare,
} from '../../src/dedupe/statistics.js';

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

describe('overfitStatistics', () => {
  const many = (count: number, rating: number) =>
    new Array<RatedCopy>(count).fill({ closestRating: rating, copied: rating >= 0.8 });

  it('gives the published interval of a difference', () => {
    // Table II of Newcombe, "Interval estimation for the difference between independent proportions",
    // 1998, method 10.
    const statistics = overfitStatistics([...many(56, 1), ...many(14, 0)], [...many(48, 1), ...many(32, 0)]);
    expect(statistics.excess.share).toBeCloseTo(0.2, 10);
    expect(statistics.excess.low).toBeCloseTo(0.0524, 4);
    expect(statistics.excess.high).toBeCloseTo(0.3339, 4);
  });

  it('summarises ratings', () => {
    const { outputs } = overfitStatistics(
      [0.1, 0.9, 0.3, 0.8, 0.2].map((rating) => ({ closestRating: rating, copied: rating >= 0.8 })),
      [],
    );
    expect(outputs).toMatchObject({ count: 5, median: 0.3, ninetiethPercentile: 0.9, highest: 0.9 });
    expect(outputs.mean).toBeCloseTo(0.46, 12);
    expect(outputs.copies).toMatchObject({ count: 2, share: 0.4 });
  });

  it.each([
    ['overfits', [...many(60, 0.95), ...many(40, 0.4)], many(100, 0.4)],
    ['leans', [...many(50, 0.95), ...many(950, 0.4)], [...many(20, 0.9), ...many(980, 0.4)]],
    ['healthy', [...many(2, 0.95), ...many(98, 0.4)], [...many(3, 0.9), ...many(97, 0.4)]],
    ['unknown', many(10, 1), many(100, 0.4)],
    ['unknown', many(100, 1), []],
  ])('calls it %s', (verdict, outputs, heldOut) => {
    expect(overfitStatistics(outputs, heldOut).verdict).toBe(verdict);
  });
});

describe('baseStatistics', () => {
  const many = (count: number, inBase: boolean | undefined) => new Array(count).fill({ inBase });

  it('compares the shares as overfitStatistics does', () => {
    const statistics = baseStatistics(
      [...many(56, true), ...many(14, false)],
      [...many(48, true), ...many(32, false)],
    )!;
    expect(statistics.outputs).toEqual({ total: 70, ...wilsonShare(56, 70) });
    expect(statistics.heldOut).toEqual({ total: 80, ...wilsonShare(48, 80) });
    expect(statistics.excess.low).toBeCloseTo(0.0524, 4);
    expect(statistics.excess.high).toBeCloseTo(0.3339, 4);
  });

  it('has nothing to say of texts that were not asked for', () => {
    expect(baseStatistics(many(9, undefined), many(9, undefined))).toBeUndefined();
    expect(baseStatistics([], [])).toBeUndefined();
  });
});

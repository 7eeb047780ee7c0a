import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findThreshold } from '../../../src/model/generation/threshold.js';

/** The same by sorting: the fewest largest values whose measure reaches the target. */
function bySorting(values: readonly number[], measure: 'count' | 'mass', target: number): number[] {
  const sorted = [...values].sort((a, b) => b - a);
  let reached = 0;
  let kept = 0;
  while (kept < sorted.length && reached < target) {
    reached += measure === 'count' ? 1 : sorted[kept]!;
    kept++;
  }
  return sorted.slice(0, kept);
}

function byThreshold(values: readonly number[], measure: 'count' | 'mass', target: number): number[] {
  const { value, ties } = findThreshold(Float32Array.from(values), measure, target);
  const above = values.filter((other) => other > value).sort((a, b) => b - a);
  return [...above, ...new Array<number>(ties).fill(value)];
}

// Multiples of 1/4 add up exactly, so that sorting and partitioning cannot differ by rounding.
const quarters = fc.array(
  fc.integer({ min: 0, max: 40 }).map((value) => value / 4),
  { minLength: 1, maxLength: 200 },
);

test('top k is what sorting gives, ties and infinities included', () => {
  const values = fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant(Number.NEGATIVE_INFINITY)), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(values, fc.nat(), (list, number) => {
      const count = 1 + (number % list.length);
      expect(byThreshold(list, 'count', count)).toEqual(bySorting(list, 'count', count));
    }),
    { numRuns: 500 },
  );
});

test('top p is what sorting gives', () => {
  fc.assert(
    fc.property(quarters, fc.integer({ min: 1, max: 100 }), (list, percent) => {
      const total = list.reduce((sum, value) => sum + value, 0);
      fc.pre(total > 0);
      const target = (percent / 100) * total;
      expect(byThreshold(list, 'mass', target)).toEqual(bySorting(list, 'mass', target));
    }),
    { numRuns: 500 },
  );
});

test('a target beyond everything keeps everything', () => {
  expect(byThreshold([3, 1, 2], 'mass', 7)).toEqual([3, 2, 1]);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Cutoff, findCutoff } from '../../../src/model/generation/cutoff.js';

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

function byCutoff(values: readonly number[], { value, ties }: Cutoff): number[] {
  const above = values.filter((other) => other > value).sort((a, b) => b - a);
  return [...above, ...new Array<number>(ties).fill(value)];
}

function byCount(values: readonly number[], count: number): number[] {
  const ones = new Float32Array(values.length).fill(1);
  return byCutoff(values, findCutoff(Float32Array.from(values), ones, values.length, count));
}

function byMass(values: readonly number[], mass: number): number[] {
  const keys = Float32Array.from(values);
  return byCutoff(values, findCutoff(keys, keys.slice(), values.length, mass));
}

function byShare(values: readonly number[], share: number): number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  return byMass(values, share * total);
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
      expect(byCount(list, count)).toEqual(bySorting(list, 'count', count));
    }),
    { numRuns: 500 },
  );
});

test('top p is what sorting gives', () => {
  fc.assert(
    fc.property(quarters, fc.integer({ min: 1, max: 127 }), (list, part) => {
      const total = list.reduce((sum, value) => sum + value, 0);
      fc.pre(total > 0);
      expect(byShare(list, part / 128)).toEqual(bySorting(list, 'mass', (part / 128) * total));
    }),
    { numRuns: 500 },
  );
});

test('a share that rounding keeps out of reach takes everything', () => {
  expect(byMass([3, 1, 2], 6.001)).toEqual([3, 2, 1]);
});

test('equal values, sorted values and single values are no trap', () => {
  const equal = new Array<number>(3000).fill(1);
  const rising = equal.map((_, index) => index);
  expect(byCount(equal, 5)).toEqual([1, 1, 1, 1, 1]);
  expect(byCount(rising, 3)).toEqual([2999, 2998, 2997]);
  expect(byCount([...rising].reverse(), 3000)).toEqual([...rising].reverse());
  expect(byCount([7], 1)).toEqual([7]);
  expect(byShare(equal, 0.5)).toHaveLength(1500);
  expect(byShare([0, 7, 0], 0.5)).toEqual([7]);
});

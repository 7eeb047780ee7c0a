import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type RowCutoff, RowSelector } from '../../../src/model/generation/row-selector.js';
import { atOrder, nextFloat, orderOf } from '../../../src/model/generation/sampling-kernel.js';

const capacity = 20_000;
const row = new RowSelector(capacity);
const { memory } = row;

function write(values: readonly number[], masses: readonly number[] = values): void {
  memory.weights.values.fill(0);
  memory.weights.values.set(masses);
  memory.keys.values.fill(Number.NEGATIVE_INFINITY);
  memory.keys.values.set(values);
}

/** The same by sorting: the first of the largest whose masses reach a share of all, in order of index. */
function bySorting(values: readonly number[], masses: readonly number[], share: number): number[] {
  const target = share * masses.reduce((sum, mass) => sum + mass, 0);
  const sorted = values.map((_, index) => index).sort((a, b) => values[b]! - values[a]! || a - b);
  let reached = 0;
  const end = sorted.findIndex((index) => {
    reached += masses[index]!;
    return reached >= target;
  });
  return sorted.slice(0, end < 0 ? sorted.length : end + 1).sort((a, b) => a - b);
}

const kept = (values: readonly number[], { value, last }: RowCutoff): number[] =>
  values.flatMap((key, index) => (key > value || (key === value && index <= last) ? [index] : []));

const sums = (): number => memory.sums.reduce((sum, each) => sum + each, 0);

function largest(values: readonly number[], share: number): number[] {
  write(values);
  memory.sums.fill(0);
  const cutoff = { value: 0, last: 0 };
  const { weights } = memory;
  const mass = values.reduce((sum, value) => sum + value, 0);
  row.select({ keys: weights, masses: weights, length: values.length, share, mass }, cutoff);
  const result = kept(values, cutoff);
  expect(sums()).toBe(result.reduce((sum, index) => sum + values[index]!, 0));
  return result;
}

// Multiples of 1/4 add up exactly, so that sorting and looking between two numbers cannot differ by rounding.
const quarters = (most: number) =>
  fc.array(
    fc.integer({ min: 0, max: most }).map((value) => value / 4),
    { minLength: 1, maxLength: 3000, size: 'max' },
  );

test('the largest keys that reach a share are what sorting gives, with many equal ones and with few', () => {
  for (const most of [3, 40, 100_000]) {
    fc.assert(
      fc.property(quarters(most), fc.integer({ min: 1, max: 127 }), (values, part) => {
        fc.pre(values.some((value) => value > 0));
        expect(largest(values, part / 128)).toEqual(bySorting(values, values, part / 128));
      }),
      { numRuns: 40 },
    );
  }
});

test('a share that some of the largest keys reach exactly, or just not, is told though float32 would round', () => {
  // Whole numbers of 24 bits: float64 adds them up exactly, float32 rounds nearly every sum.
  const whole = fc.integer({ min: 2 ** 23, max: 2 ** 24 - 1 });
  fc.assert(
    fc.property(fc.array(whole, { minLength: 600, maxLength: 3000, size: 'max' }), fc.nat(), (values, at) => {
      const sorted = values.toSorted((a, b) => b - a);
      const total = values.reduce((sum, value) => sum + value, 0);
      const reached = sorted.slice(0, 1 + (at % values.length)).reduce((sum, value) => sum + value, 0);
      for (const share of [reached / total, (reached - 1) / total, (reached + 1) / total])
        expect(largest(values, share)).toEqual(bySorting(values, values, share));
    }),
    { numRuns: 60 },
  );
});

test('where keys do not tell masses all equal ones are kept', () => {
  fc.assert(
    fc.property(quarters(200), fc.integer({ min: 1, max: 127 }), fc.nat(), (masses, part, seed) => {
      fc.pre(masses.some((mass) => mass > 0));
      const values = masses.map((_, index) => -((index * (1 + 2 * (seed % 500))) % 97));
      write(values, masses);
      const cutoff = { value: 0, last: 0 };
      const mass = masses.reduce((sum, each) => sum + each, 0);
      const { keys, weights } = memory;
      row.select({ keys, masses: weights, length: masses.length, share: part / 128, mass }, cutoff);
      const least = Math.min(...bySorting(values, masses, part / 128).map((index) => values[index]!));
      expect(kept(values, cutoff)).toEqual(values.flatMap((value, index) => (value >= least ? [index] : [])));
    }),
    { numRuns: 40 },
  );
});

test('a number of largest keys is listed in order, of equal ones the first', () => {
  for (const most of [2, 100_000]) {
    fc.assert(
      fc.property(quarters(most), fc.nat(), (values, number) => {
        fc.pre(values.length > 1);
        const wanted = 1 + (number % (values.length - 1));
        write(values);
        row.listLargest(memory.weights, values.length, wanted);
        const sorted = values.map((_, index) => index).sort((a, b) => values[b]! - values[a]! || a - b);
        const expected = sorted.slice(0, wanted).sort((a, b) => a - b);
        expect([...memory.inside.indices.subarray(0, wanted)]).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  }
});

test('long rows of equal, rising, and nearly all impossible keys are no trap', () => {
  const length = capacity - 1;
  const equal = new Array<number>(length).fill(0.5);
  expect(largest(equal, 0.25)).toEqual(equal.slice(0, Math.ceil(length / 4)).map((_, index) => index));
  expect(largest(equal, 0.9999).length).toBe(Math.ceil(0.9999 * length));
  const rising = equal.map((_, index) => index);
  expect(largest(rising, 0.5)).toEqual(bySorting(rising, rising, 0.5));
  // Larger than all of the sample but the largest.
  expect(largest(rising, 0.01)).toEqual(bySorting(rising, rising, 0.01));
  const one = equal.map((_, index) => Number(index === 777));
  expect(largest(one, 0.9)).toEqual([777]);
  const half = equal.map((_, index) => (index % 2 === 0 ? 0.5 : 0.5 + (index % 1024) / 1024));
  expect(largest(half, 0.8)).toEqual(bySorting(half, half, 0.8));
});

test('the order of float32 numbers goes there and back', () => {
  const some = [Number.NEGATIVE_INFINITY, -3.5, -1, -(2 ** -149), 0, 2 ** -149, 0.25, 1, 2 ** 100];
  expect(some.map((value) => atOrder(orderOf(value)))).toEqual(some);
  expect(some.map(orderOf)).toEqual(some.map(orderOf).toSorted((a, b) => a - b));
  expect(nextFloat(1)).toBe(1 + 2 ** -23);
  expect(nextFloat(0)).toBe(2 ** -149);
});

import { expect, test } from 'vitest';
import { exponentials } from '../../../src/model/generation/exponentials.js';

test('agree with Math.exp to the precision of float32', () => {
  const values = Float32Array.from({ length: 20_000 }, (_, index) => 50 - index / 200);
  for (const temperature of [0.1, 0.7, 1, 40]) {
    const results = new Float32Array(values.length);
    const sum = exponentials(values, 50, temperature, results);
    let exactSum = 0;
    let worst = 0;
    for (const [index, value] of values.entries()) {
      const exact = Math.exp((value - 50) / temperature);
      exactSum += exact;
      // Half a unit in the last place of a normal float32 is 2^-24; below 2^-126 numbers have fewer digits.
      worst = Math.max(worst, Math.abs(results[index]! - exact) / (2 ** -23.99 * exact + 2 ** -149));
    }
    expect(worst).toBeLessThanOrEqual(1);
    expect(sum / exactSum).toBeCloseTo(1, 6);
  }
});

test('reach from 1 to 0 and never leave that range', () => {
  const values = Float32Array.of(2, 1.9999, -1e30, -3.4e38, Number.NEGATIVE_INFINITY);
  for (const temperature of [Number.MIN_VALUE, 1e-3, 1, 100]) {
    const results = new Float32Array(values.length);
    const sum = exponentials(values, 2, temperature, results);
    expect(results[0]).toBe(1);
    expect(results[4]).toBe(0);
    expect([...results].every((result) => result >= 0 && result <= 1)).toBe(true);
    expect(sum).toBe(results.reduce((total, result) => total + result, 0));
  }
});

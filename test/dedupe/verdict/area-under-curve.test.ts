import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { areaUnderCurve } from '../../../src/dedupe/verdict/area-under-curve.js';
import { packageRoot } from '../../../src/io/package-root.js';

interface Oracle {
  readonly areas: readonly {
    readonly lower: readonly number[];
    readonly higher: readonly number[];
    readonly value: number;
    readonly error: number;
  }[];
}
const path = join(packageRoot, 'test/oracles/proportions.json');
const { areas } = JSON.parse(readFileSync(path, 'utf8')) as Oracle;

describe('areaUnderCurve', () => {
  it.each(areas.map((area, i) => [i, area] as const))('agrees with all pairs, case %i', (_, area) => {
    const { value, low, high } = areaUnderCurve(area.lower, area.higher);
    expect(value).toBeCloseTo(area.value, 12);
    expect(high).toBeCloseTo(Math.min(1, area.value + 1.959963984540054 * area.error), 10);
    expect(low).toBeCloseTo(Math.max(0, area.value - 1.959963984540054 * area.error), 10);
  });

  it('is 1 where all of one group exceed all of the other', () => {
    expect(areaUnderCurve([1, 2, 3], [4, 5])).toEqual({ value: 1, low: 1, high: 1 });
  });
});

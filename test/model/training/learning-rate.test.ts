import { describe, expect, it } from 'vitest';
import { learningRateAt } from '../../../src/model/training/learning-rate.js';

describe('the learning rate', () => {
  const shape = { learningRate: 2, warmupSteps: 4, totalSteps: 14 };
  const rates = (schedule: 'cosine' | 'linear' | 'constant', steps: readonly number[]): number[] =>
    steps.map((step) => learningRateAt(step, { ...shape, schedule }));

  it.each(['cosine', 'linear', 'constant'] as const)('rises in a line to its peak: %s', (schedule) => {
    expect(rates(schedule, [0, 1, 2, 3, 4])).toEqual([0.5, 1, 1.5, 2, 2]);
  });

  it('falls by half a cosine, in a line, or not at all, to a tenth', () => {
    // A quarter, half and all of the way: cosines of 45°, 90° and 180°.
    const cosine = rates('cosine', [6.5, 9, 14, 20]);
    for (const [index, share] of [0.1 + 0.45 * (1 + Math.SQRT1_2), 0.55, 0.1, 0.1].entries()) {
      expect(cosine[index]).toBeCloseTo(2 * share, 12);
    }
    const linear = rates('linear', [6.5, 9, 14, 20]);
    for (const [index, share] of [0.775, 0.55, 0.1, 0.1].entries()) {
      expect(linear[index]).toBeCloseTo(2 * share, 12);
    }
    expect(rates('constant', [6, 9, 14])).toEqual([2, 2, 2]);
  });

  it('starts at its peak without a warm-up', () => {
    expect(learningRateAt(0, { ...shape, warmupSteps: 0, schedule: 'linear' })).toBe(2);
  });
});

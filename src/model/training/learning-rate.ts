import type { ScheduleName } from '../../options/choices.js';

/** Final learning rate as a share of the peak, as Hoffmann et al. 2022 ("Training Compute-Optimal LLMs") decay it. */
const floor = 0.1;

/**
 * Learning rate of a step: linear warm-up to the peak, then decay to a tenth of it along half a cosine (Loshchilov and
 * Hutter, "SGDR", 2017, equation 5) or a line, or constant.
 * @param step from 0.
 */
export function learningRateAt(
  step: number,
  options: {
    /** The peak. */
    readonly learningRate: number;
    readonly warmupSteps: number;
    readonly totalSteps: number;
    readonly schedule: ScheduleName;
  },
): number {
  const { learningRate, warmupSteps, totalSteps, schedule } = options;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  if (schedule === 'constant') return learningRate;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  const decay = schedule === 'cosine' ? 0.5 * (1 + Math.cos(Math.PI * progress)) : 1 - progress;
  return learningRate * (floor + (1 - floor) * decay);
}

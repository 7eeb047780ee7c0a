/** Share of the peak that is left at the end, as Hoffmann et al. 2022 ("Training Compute-Optimal LLMs") decay it. */
const floor = 0.1;

/**
 * Learning rate of a step: linear warm-up to the peak, then down to a tenth of it by half a cosine (Loshchilov and
 * Hutter, "SGDR", 2017, equation 5) or a straight line, or constant.
 * @param step from 0.
 */
export function learningRateAt(
  step: number,
  options: {
    readonly learningRate: number;
    readonly warmupSteps: number;
    readonly totalSteps: number;
    readonly schedule: 'cosine' | 'linear' | 'constant';
  },
): number {
  const { learningRate, warmupSteps, totalSteps, schedule } = options;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  const share = { cosine: 0.5 * (1 + Math.cos(Math.PI * progress)), linear: 1 - progress, constant: 1 }[
    schedule
  ];
  return learningRate * (schedule === 'constant' ? 1 : floor + (1 - floor) * share);
}

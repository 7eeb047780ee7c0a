/**
 * Learning rate of a step: linear warm-up to the peak, then a cosine down to a tenth of it (Loshchilov and Hutter,
 * "SGDR", 2017, equation 5; the floor as in Hoffmann et al. 2022).
 * @param step from 0.
 */
export function learningRateAt(
  step: number,
  {
    learningRate,
    warmupSteps,
    totalSteps,
  }: { learningRate: number; warmupSteps: number; totalSteps: number },
): number {
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  const floor = 0.1;
  return learningRate * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}

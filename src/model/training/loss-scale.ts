/** State of dynamic loss scaling; saved with the training position. */
export interface LossScaling {
  /** What the loss is multiplied by. */
  readonly scale: number;
  /** Steps since it last changed. */
  readonly steadySteps: number;
  /** Steps so far that were skipped because their gradients were not finite. */
  readonly skippedSteps: number;
}

/** Steps without overflow after which the scale doubles. */
const growthInterval = 2000;

/** The initial state of PyTorch's GradScaler. */
export const initialLossScaling: LossScaling = { scale: 2 ** 16, steadySteps: 0, skippedSteps: 0 };

/**
 * Dynamic loss scaling (Micikevicius et al., "Mixed Precision Training", 2018, section 3.2): the scale is halved
 * after a step whose gradients are not finite, and doubled after 2,000 steps without one.
 */
export function afterStep(
  { scale, steadySteps, skippedSteps }: LossScaling,
  gradientsAreFinite: boolean,
): LossScaling {
  if (!gradientsAreFinite) return { scale: scale / 2, steadySteps: 0, skippedSteps: skippedSteps + 1 };
  const grows = steadySteps + 1 === growthInterval;
  return { scale: grows ? 2 * scale : scale, steadySteps: grows ? 0 : steadySteps + 1, skippedSteps };
}

import type { TrainingOptions } from '../../model/training/training-options.js';
import { baseName } from '../../model/weights/base-model.js';
import type { MixedPrecision, StopRule } from '../../options/choices.js';
import type { RunOptions } from '../../options/option-table.js';
import { decideValues } from '../../options/option-values.js';
import { trainingOptions, trainingSessionOptions } from '../../options/table/training.js';
import { decideSizes } from './shape.js';

/**
 * Least steps by default, and the epochs that they lead to at most: a small corpus gets more epochs. From scratch there is
 * more to learn; the base model has gained all there is after six epochs of a thousand titles (docs/training.md).
 */
const leastSteps = {
  scratch: { minimumSteps: 300 },
  base: { minimumSteps: 240, minimumStepsEpochs: 6 },
  none: { minimumSteps: 0 },
} as const;

/** By what may end a training. Only where the held-out loss is named does the default cut short a requested number of steps. */
const patienceOf: Readonly<Record<StopRule, (decided: number, given: RunOptions) => number | undefined>> = {
  loss: (decided, { steps, patience }) => (steps === undefined ? decided : patience),
  copies: () => undefined,
  both: (decided) => decided,
};

/**
 * The options of a training: as given, else the option table's default for its starting point.
 * @param model the decided model.
 * @param precision the decided precision, where `auto` is asked for.
 */
export function decideTrainingOptions(
  model: string,
  options: RunOptions,
  precision: MixedPrecision = 'off',
): TrainingOptions & { readonly sampleEvery: number } {
  const { seed, maxEpochs, loraRank, stopWhen = 'loss' } = options;
  const isFromScratch = decideSizes(model, options) !== undefined;
  const withAdapters = loraRank !== undefined;
  const isBase = model === baseName;
  const pretrained = isBase
    ? withAdapters
      ? 'baseAdapters'
      : 'base'
    : withAdapters
      ? 'adapters'
      : 'pretrained';
  const start = isFromScratch ? 'scratch' : pretrained;
  const corpusStart = isFromScratch ? 'scratch' : isBase ? 'base' : 'none';
  const { sampleEvery } = trainingSessionOptions;
  const decided = decideValues({ ...trainingOptions, sampleEvery }, start, options);
  return {
    ...decided,
    mixedPrecision: decided.mixedPrecision === 'auto' ? precision : decided.mixedPrecision,
    seed,
    // Epochs that are asked for are all that is made.
    ...leastSteps[maxEpochs === undefined ? corpusStart : 'none'],
    patience: patienceOf[stopWhen](decided.patience, options),
  };
}

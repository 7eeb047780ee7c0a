import type { TrainingOptions } from '../../model/training/training-options.js';
import { baseName } from '../../model/weights/base-model.js';
import type { RunOptions } from '../../options/option-table.js';
import { decideValues } from '../../options/option-values.js';
import { trainingOptions, trainingSessionOptions } from '../../options/table/training.js';
import { decideSizes } from './shape.js';

/** Minimum steps from scratch: a small corpus gets more epochs than the default. */
const minimumStepsFromScratch = 300;

/**
 * The options of a training: as given, else the option table's default for its starting point.
 * @param model the decided model.
 */
export function decideTrainingOptions(
  model: string,
  options: RunOptions,
): TrainingOptions & { readonly sampleEvery: number } {
  const { seed, steps, maxEpochs, patience, loraRank } = options;
  const isFromScratch = decideSizes(model, options) !== undefined;
  const withAdapters = loraRank !== undefined;
  const pretrained =
    model === baseName ? (withAdapters ? 'baseAdapters' : 'base') : withAdapters ? 'adapters' : 'pretrained';
  const start = isFromScratch ? 'scratch' : pretrained;
  const { sampleEvery } = trainingSessionOptions;
  const decided = decideValues({ ...trainingOptions, sampleEvery }, start, options);
  return {
    ...decided,
    seed,
    minimumSteps: isFromScratch && maxEpochs === undefined ? minimumStepsFromScratch : 0,
    // A requested number of steps is not cut short by the default patience.
    patience: steps === undefined ? decided.patience : patience,
  };
}

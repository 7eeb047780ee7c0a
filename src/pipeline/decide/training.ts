import type { TrainingOptions } from '../../model/training/training-options.js';
import type { RunOptions } from '../../options/option-table.js';
import { decideValues } from '../../options/option-values.js';
import { trainingOptions, trainingSessionOptions } from '../../options/table/training.js';

/** From scratch, a small corpus is passed over more often than its epochs say. */
const minimumStepsFromScratch = 300;

/**
 * The options of a training: what was given, else the table's default for what it starts from.
 * @param model the decided model.
 */
export function decideTrainingOptions(
  model: string,
  options: RunOptions,
): TrainingOptions & { readonly sampleEvery: number } {
  const { seed, steps, maxEpochs, patience, loraRank } = options;
  const isFromScratch = model === 'nano';
  const start = isFromScratch ? 'scratch' : loraRank === undefined ? 'pretrained' : 'adapters';
  const { sampleEvery } = trainingSessionOptions;
  const decided = decideValues({ ...trainingOptions, sampleEvery }, start, options);
  return {
    ...decided,
    seed,
    minimumSteps: isFromScratch && maxEpochs === undefined ? minimumStepsFromScratch : 0,
    // Steps that were asked for are made.
    patience: steps === undefined ? decided.patience : patience,
  };
}

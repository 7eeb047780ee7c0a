import { TitlesmithError } from '../../common/errors.js';
import { OutOfDeviceMemoryError, TensorTooLargeError } from '../engine/out-of-memory.js';
import type { TrainingOptions } from './training-options.js';
import type { TrainingPlan } from './training-plan.js';

/** The error for a training that diverged. @param what is not finite, for the message. */
export function divergedError(what: string, { mixedPrecision }: TrainingOptions): TitlesmithError {
  const otherwise = mixedPrecision === 'off' ? '' : ', or --mixed-precision off';
  return new TitlesmithError(
    `${what} is not finite: the training diverged; the last checkpoint is as it was.`,
    { code: 'training-diverged', hint: `Try a lower --learning-rate${otherwise}.` },
  );
}

/** The same error; if the device has too little memory, one that names options that need less. */
export function explainMemoryShortage(error: unknown, options: TrainingOptions, plan: TrainingPlan): unknown {
  if (!(error instanceof OutOfDeviceMemoryError)) return error;
  const { batchSize, accumulateGradients, recompute } = options;
  const smaller = Math.max(1, Math.floor(batchSize / 2));
  const batches = accumulateGradients * Math.ceil(batchSize / smaller);
  const suggestions = [
    ...(batchSize > 1 ? [`--batch-size ${smaller} --accumulate-gradients ${batches}`] : []),
    ...(recompute ? [] : ['--recompute']),
    '--lora-rank 8',
  ];
  const batch = `--batch-size ${batchSize} with rows of ${plan.rowLength} tokens${recompute ? '' : ' without --recompute'}`;
  const message =
    error instanceof TensorTooLargeError
      ? `${error.message} That is ${batch}`
      : `The graphics card has too little memory for ${batch}`;
  const hint = `Try ${suggestions.join(', or ')}.`;
  return new OutOfDeviceMemoryError(`${message}; the last checkpoint is as it was.`, hint, error);
}

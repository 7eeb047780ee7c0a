import { DeviceMemoryError, TensorTooLargeError } from '../engine/device-memory-error.js';
import type { TrainingPlan } from './plan.js';
import type { TrainingOptions } from './training-options.js';

/** An error of training, with what to do where it says that the device has too little memory. */
export function explainShortage(error: unknown, options: TrainingOptions, plan: TrainingPlan): unknown {
  if (!(error instanceof DeviceMemoryError)) return error;
  const { batchSize, accumulateGradients, recompute } = options;
  const smaller = Math.max(1, Math.floor(batchSize / 2));
  const ways = [
    ...(batchSize > 1
      ? [
          `--batch-size ${smaller} --accumulate-gradients ${accumulateGradients * Math.ceil(batchSize / smaller)}`,
        ]
      : []),
    ...(recompute ? [] : ['--recompute']),
    '--lora-rank 8',
  ];
  const batch = `--batch-size ${batchSize} with rows of ${plan.rowLength} tokens${recompute ? '' : ' without --recompute'}`;
  const message =
    error instanceof TensorTooLargeError
      ? `${error.message} That is ${batch}`
      : `The graphics card has too little memory for ${batch}`;
  return new DeviceMemoryError(
    `${message}; the last checkpoint is as it was.`,
    `Try ${ways.join(', or ')}.`,
    error,
  );
}

import { existsSync } from 'node:fs';
import { TitlesmithError } from '../../common/errors.js';
import { namedTensors } from '../weights/checkpoint.js';
import { SafetensorsFile, writeSafetensors } from '../weights/safetensors.js';
import type { LossScaling } from './loss-scale.js';
import type { OptimizerState } from './optimizer.js';

/** Where training stands. With the weights, the moments and the seed it determines everything that follows. */
export interface TrainingPosition {
  /** Steps done. */
  readonly step: number;
  readonly initialValidationLoss: number;
  readonly bestValidationLoss: number;
  readonly bestStep: number;
  readonly lastValidationLoss: number;
  /** Evaluations since the best one. */
  readonly evaluationsWithoutImprovement: number;
  /** Lines of metrics.jsonl when this state was saved: what stands behind is written again. */
  readonly metricsLines: number;
  /** Undefined without mixed precision. */
  readonly lossScaling?: LossScaling;
}

const stores = ['parameters', 'firstMoments', 'secondMoments'] as const;

/**
 * Saves weights, moments and position in one file, so that one rename commits all of them: a crash leaves the earlier
 * state or this one, never a mixture.
 */
export async function saveResumeState(
  path: string,
  state: OptimizerState,
  position: TrainingPosition,
): Promise<void> {
  const tensors = stores.flatMap((store) => namedTensors(state[store], `${store}.`));
  await writeSafetensors(path, tensors, { position: JSON.stringify(position) });
}

/** Reads a saved state into `state`; undefined where there is none. @throws TitlesmithError when it is damaged. */
export async function loadResumeState(
  path: string,
  state: OptimizerState,
): Promise<TrainingPosition | undefined> {
  if (!existsSync(path)) return undefined;
  const file = await SafetensorsFile.open(path);
  try {
    for (const store of stores) {
      for (const { name, shape, data } of namedTensors(state[store], `${store}.`))
        await file.read(name, shape, data);
    }
    return JSON.parse(file.metadata['position'] ?? '') as TrainingPosition;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TitlesmithError(`${path}: it does not say which step it was saved at.`, {
      code: 'checkpoint-damaged',
      hint: 'Train again with --restore-from fresh.',
    });
  } finally {
    await file.close();
  }
}

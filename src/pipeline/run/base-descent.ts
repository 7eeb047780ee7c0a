import { join } from 'node:path';
import { baseName } from '../../model/weights/base-model.js';
import { readConfiguration } from '../../model/weights/checkpoint.js';
import type { Decisions } from '../../run/manifest.js';
import { runFiles } from '../../run/run-files.js';

/**
 * Whether a run's model began with the weights of the base model, in this run or in one that it goes on from. Its checkpoint
 * says so, which carries it on wherever it is trained further; where there is none that can be read, what the run
 * recorded of the model that it was told to begin with.
 */
export async function descendsFromBase(
  runFolder: string,
  { model }: Pick<Decisions, 'model'>,
): Promise<boolean> {
  const checkpoint = join(runFolder, runFiles.checkpoint);
  const configuration = await readConfiguration(checkpoint).catch(() => undefined);
  return configuration ? configuration.descendsFrom === baseName : model?.choice === baseName;
}

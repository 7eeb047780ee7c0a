import { TitlesmithError } from '../common/errors.js';
import { estimatedTrainingBytes, processBytes } from '../model/training/memory-estimate.js';
import { nanoConfiguration, type TransformerConfiguration } from '../model/transformer/configuration.js';
import { readConfiguration } from '../model/weights/checkpoint.js';
import { findModelFolder } from '../model/weights/model-folder.js';
import { publishedShape } from '../model/weights/model-name.js';
import type { RunOptions } from '../options/option-table.js';
import { trains } from '../pipeline/decide/decisions.js';
import { checkPublishedModel } from '../pipeline/decide/memory.js';
import { decideTrainingOptions } from '../pipeline/decide/training.js';

/** Assumed size of nano's vocabulary and tokens per row, before the titles are known. */
const [assumedVocabulary, assumedRowLength] = [12_000, 64];
/** Assumed if nothing is known about a model yet. */
const assumedModel = '124M';

/** Whether a run's model is known to be too large to train on this machine; its run will then refuse it. */
export function isTooLarge(options: RunOptions): boolean {
  if (!trains(options.until)) return false;
  try {
    checkPublishedModel(options.model, options);
    return false;
  } catch (error) {
    return error instanceof TitlesmithError && error.code === 'memory';
  }
}

/** The configuration of a run's model, as far as known without network access. */
async function shapeOf(model: string, source: string): Promise<TransformerConfiguration> {
  if (model === 'nano' || (model === 'auto' && source === 'sample'))
    return nanoConfiguration(assumedVocabulary);
  try {
    const published = publishedShape(model === 'auto' ? assumedModel : model);
    return published ?? (await readConfiguration((await findModelFolder(model)).path));
  } catch {
    // A missing or unsupported model is reported by the run itself.
    return publishedShape(assumedModel)!;
  }
}

/** Expected peak memory of a run in bytes. @param source the decided source. */
export async function expectedMemory(options: RunOptions, source: string): Promise<number> {
  if (!trains(options.until)) return processBytes;
  const configuration = await shapeOf(options.model, source);
  const isNano = options.model === 'nano' || (options.model === 'auto' && source === 'sample');
  const training = decideTrainingOptions(isNano ? 'nano' : assumedModel, options);
  return estimatedTrainingBytes(configuration, {
    ...training,
    rowLength: training.rowLength ?? assumedRowLength,
  });
}

import { TitlesmithError } from '../common/errors.js';
import { estimatedTrainingBytes, processBytes } from '../model/training/memory-estimate.js';
import type { TransformerConfiguration } from '../model/transformer/configuration.js';
import { readConfiguration } from '../model/weights/checkpoint.js';
import { findModelFolder } from '../model/weights/model-folder.js';
import { publishedShape } from '../model/weights/model-name.js';
import type { RunOptions } from '../options/option-table.js';
import { trains } from '../pipeline/decide/decisions.js';
import { checkKnownModel } from '../pipeline/decide/memory.js';
import { decideSizes, knownShape } from '../pipeline/decide/shape.js';
import { decideTrainingOptions } from '../pipeline/decide/training.js';

/** Assumed size of a vocabulary that titles decide, and tokens per row before they are known. */
const [assumedVocabulary, assumedRowLength] = [12_000, 64];
/** Assumed if nothing is known about a model yet. */
const assumedModel = '124M';

/** Whether a run's model is known to be too large to train on this machine; its run will then refuse it. */
export function isTooLarge(options: RunOptions): boolean {
  if (!trains(options.until)) return false;
  try {
    checkKnownModel(options.model, options);
    return false;
  } catch (error) {
    return error instanceof TitlesmithError && error.code === 'memory';
  }
}

/** The configuration of a run's model, as far as known without network access. */
async function shapeOf(model: string, options: RunOptions): Promise<TransformerConfiguration> {
  try {
    const known = knownShape(model, options, assumedVocabulary);
    return known ?? (await readConfiguration((await findModelFolder(model)).path));
  } catch {
    // A missing or unsupported model is reported by the run itself.
    return publishedShape(assumedModel)!;
  }
}

/** Expected peak memory of a run in bytes. @param source the decided source. */
export async function expectedMemory(options: RunOptions, source: string): Promise<number> {
  if (!trains(options.until)) return processBytes;
  const byAuto = source === 'sample' ? 'nano' : assumedModel;
  const model = options.model === 'auto' ? byAuto : options.model;
  const configuration = await shapeOf(model, options);
  const isFromScratch = decideSizes(model, options) !== undefined;
  const training = decideTrainingOptions(isFromScratch ? model : assumedModel, options);
  return estimatedTrainingBytes(configuration, {
    ...training,
    rowLength: training.rowLength ?? assumedRowLength,
  });
}

import { TitlesmithError } from '../common/errors.js';
import { estimatedTrainingBytes, processBytes } from '../model/training/memory-estimate.js';
import type { TransformerConfiguration } from '../model/transformer/configuration.js';
import { baseName } from '../model/weights/base-model.js';
import { localShape } from '../model/weights/local-shape.js';
import { publishedShape } from '../model/weights/model-name.js';
import type { RunOptions } from '../options/option-table.js';
import { trains } from '../pipeline/decide/decisions.js';
import { decideDevice, decidedDevice } from '../pipeline/decide/device.js';
import { knownShape } from '../pipeline/decide/known-shape.js';
import { checkKnownModel } from '../pipeline/decide/memory.js';
import { decideTrainingOptions } from '../run/training-decision.js';

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

/** The model that `auto` will choose; on a card, which may have GPT-2 124M, the one that takes more memory, but for the sample. */
async function modelOfAuto(options: RunOptions, source: string): Promise<string> {
  if (source === 'sample') return baseName;
  return decidedDevice(await decideDevice(options)).device === 'cpu' ? baseName : assumedModel;
}

/** The configuration of a run's model, as far as known without network access. */
async function shapeOf(model: string, options: RunOptions): Promise<TransformerConfiguration> {
  try {
    const known = knownShape(model, options, assumedVocabulary);
    const shape = known ?? (await localShape(model));
    if (shape) return shape;
  } catch {
    // A missing or unsupported model is reported by the run itself.
  }
  return publishedShape(assumedModel)!;
}

/** Expected peak memory of a run in bytes. @param source the decided source. */
export async function expectedMemory(options: RunOptions, source: string): Promise<number> {
  if (!trains(options.until)) return processBytes;
  const model = options.model === 'auto' ? await modelOfAuto(options, source) : options.model;
  const configuration = await shapeOf(model, options);
  const training = decideTrainingOptions(model, options);
  return estimatedTrainingBytes(configuration, {
    ...training,
    rowLength: training.rowLength ?? assumedRowLength,
  });
}

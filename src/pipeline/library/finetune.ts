import { join } from 'node:path';
import { silentContext, type WorkContext } from '../../common/progress.js';
import { splitTitles } from '../../data/title-split.js';
import type { Engine } from '../../model/engine/engine.js';
import { requireEngineFloat16 } from '../../model/engine/float16.js';
import { createOnnxRuntimeEngine } from '../../model/engine/onnxruntime/cpu-engine.js';
import { tokenizeTitles } from '../../model/tokenizer/tokenized-titles.js';
import { type TrainingInput, type TrainingResult, train } from '../../model/training/training-loop.js';
import type { TrainingOptions } from '../../model/training/training-options.js';
import type { RunOptions } from '../../options/option-table.js';
import { checkOptions, defaultOptions } from '../../options/option-values.js';
import { trainingOptions } from '../../options/table/training.js';
import { decideTrainingOptions } from '../decide/training.js';
import { runFiles } from '../run/run-files.js';
import { openStartingModel } from '../stages/starting-model.js';
import { TrainingFiles, type TrainingPaths } from '../stages/training-files.js';

/** Inputs of a training, and the paths of its files. */
export interface FinetuneInput extends Omit<TrainingInput, 'storage'>, TrainingPaths {}

/**
 * Trains until the steps are done or the validation loss stops improving. Resumes from the state in the checkpoint folder
 * if there is one; the result is then identical, byte for byte, to that of an uninterrupted run.
 * @throws InterruptedError after saving, when the signal is aborted; TitlesmithError on bad files.
 */
export function finetune(input: FinetuneInput, context: WorkContext): Promise<TrainingResult> {
  return train({ ...input, storage: new TrainingFiles(input) }, context);
}

export interface FinetuneTitlesOptions extends Partial<TrainingOptions> {
  /** `nano` (the default), trained from scratch, or a model as `loadModel` takes it. */
  readonly model?: string;
  /** Receives the trained model and the state to resume from. */
  readonly folder: string;
  /** Share of the titles held out for validation. Default: as `--validation-share`. */
  readonly validationShare?: RunOptions['validationShare'];
  /** Threads of the default engine. Default: one per core. */
  readonly threads?: RunOptions['threads'];
  /** Default: ONNX Runtime on the CPU. */
  readonly engine?: Engine;
  readonly context?: WorkContext;
}

/**
 * Trains a model on titles as the `finetune` command does: splits them by hash, packs them into rows, and keeps the
 * checkpoint with the lowest validation loss. Options default to the command's for that model. An interrupted training in
 * the same folder with the same options is resumed.
 * @param titles cleaned, one line each, at least two of them different.
 * @throws TitlesmithError when an option is wrong, the model is unavailable, there are too few titles, or mixed precision
 *   is requested of an engine without float16; InterruptedError after saving, when the signal is aborted.
 */
export async function finetuneTitles(
  titles: readonly string[],
  options: FinetuneTitlesOptions,
): Promise<TrainingResult> {
  const {
    model = 'nano',
    folder,
    validationShare,
    threads,
    engine = createOnnxRuntimeEngine({ threads }),
    context = silentContext,
    ...overrides
  } = options;
  checkOptions(trainingOptions, { ...overrides });
  if (overrides.mixedPrecision === 'float16') await requireEngineFloat16(engine, 'mixedPrecision float16');
  const split = splitTitles(titles, { validationShare });
  const decision = { choice: model, reason: 'named by the caller' };
  const { configuration, tokenizer, pretrained } = await openStartingModel(decision, split.train, context);
  const limits = { maximumTokens: configuration.contextLength - 1 };
  const { sampleEvery: _, ...decided } = decideTrainingOptions(model, { ...defaultOptions(), ...overrides });
  try {
    const input = {
      engine,
      data: {
        train: tokenizeTitles(split.train, tokenizer, limits).titles,
        validation: tokenizeTitles(split.validation, tokenizer, limits).titles,
      },
      tokenizer,
      configuration,
      pretrained,
      checkpointFolder: folder,
      metricsPath: join(folder, runFiles.metrics),
      eventsPath: join(folder, runFiles.events),
      options: { ...decided, ...overrides },
    };
    return await finetune(input, context);
  } finally {
    await pretrained?.close();
  }
}

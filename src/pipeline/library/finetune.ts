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

/** All that training needs, and where its files are. */
export interface FinetuneInput extends Omit<TrainingInput, 'storage'>, TrainingPaths {}

/**
 * Trains until the steps are done or validation stops improving, and goes on from the checkpoint folder's saved state
 * where there is one: then the outcome is the same, to the byte, as that of a run that was never stopped.
 * @throws InterruptedError once the state is saved, when the context asks to stop; TitlesmithError on bad files.
 */
export function finetune(input: FinetuneInput, context: WorkContext): Promise<TrainingResult> {
  return train({ ...input, storage: new TrainingFiles(input) }, context);
}

export interface FinetuneTitlesOptions extends Partial<TrainingOptions> {
  /** `nano`, trained from scratch, or what `loadModel` takes. `nano` where it is left out. */
  readonly model?: string;
  /** Receives the trained model, and what is needed to go on after an interruption. */
  readonly folder: string;
  /** Share of the titles held out to measure the model; the command's where it is left out. */
  readonly validationShare?: RunOptions['validationShare'];
  /** Threads of the engine, where that is left out; one a core where this is. */
  readonly threads?: RunOptions['threads'];
  /** ONNX Runtime on the CPU where it is left out. */
  readonly engine?: Engine;
  readonly context?: WorkContext;
}

/**
 * Trains a model on titles as the `finetune` command does: split by hash, packed into rows, the best checkpoint by
 * validation loss kept. What is not said is the command's default for the model. A training that was interrupted in the
 * same folder with the same options goes on.
 * @param titles cleaned, one line each, at least two of them different.
 * @throws TitlesmithError when an option is wrong, the model cannot be had, the titles are too few, or the engine does not
 *   compute in float16 where mixed precision asks for it; InterruptedError when `context` asks to stop, everything being
 *   saved.
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

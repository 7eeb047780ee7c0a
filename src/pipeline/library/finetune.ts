import { join } from 'node:path';
import { usageError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { splitTitles } from '../../data/title-split.js';
import type { Engine } from '../../model/engine/engine.js';
import { requireEngineInt8 } from '../../model/engine/int8.js';
import { enginePrecision } from '../../model/engine/mixed-precision.js';
import { createOnnxRuntimeEngine } from '../../model/engine/onnxruntime/cpu-engine.js';
import { tokenizeTitles } from '../../model/tokenizer/tokenized-titles.js';
import { type TrainingInput, type TrainingResult, train } from '../../model/training/training-loop.js';
import type { TrainingOptions } from '../../model/training/training-options.js';
import {
  type ArgumentCheck,
  type ArgumentRules,
  checkArgument,
  checkArguments,
  completeContext,
  hasMethod,
  isContext,
  isText,
  isTexts,
  required,
  withoutUndefined,
} from '../../options/call-arguments.js';
import { mixedPrecisions } from '../../options/choices.js';
import type { OptionRow } from '../../options/option-row.js';
import { checkModelSizes } from '../../options/option-rules.js';
import type { RunOptions } from '../../options/option-table.js';
import { defaultOptions } from '../../options/option-values.js';
import { deviceOptions, sizeOptions } from '../../options/table/model.js';
import { runOptions } from '../../options/table/run.js';
import { titleOptions } from '../../options/table/titles.js';
import { trainingOptions } from '../../options/table/training.js';
import type { GivenSizes } from '../../run/model-sizes.js';
import { runFiles } from '../../run/run-files.js';
import { decideTrainingOptions } from '../../run/training-decision.js';
import { openStartingModel } from '../stages/starting-model.js';
import { TrainingFiles, type TrainingPaths } from '../stages/training-files.js';

/** Inputs of a training, and the paths of its files. */
export interface FinetuneInput extends Omit<TrainingInput, 'storage'>, TrainingPaths {}

/**
 * Trains until the steps are done or the validation loss stops improving. Resumes from the state in the checkpoint folder
 * if there is one; the result is then identical, byte for byte, to that of an uninterrupted run.
 * @throws InterruptedError after saving, when the signal is aborted; TitlesmithError on bad files.
 */
export async function finetune(
  input: FinetuneInput,
  context: Partial<WorkContext> = {},
): Promise<TrainingResult> {
  const checked = checkArguments('finetune', input, inputArguments);
  checkArguments('finetune: options', checked.options, decidedArguments);
  const missing = requiredOptions.find((name) => checked.options[name] === undefined);
  if (missing !== undefined)
    throw usageError(`finetune needs options.${missing}.`, 'finetuneTitles fills in what is left out.');
  if (checked.options.frozenPrecision === 'int8')
    requireEngineInt8(checked.engine, 'options.frozenPrecision int8');
  const storage = new TrainingFiles(checked);
  return train({ ...checked, storage }, completeContext<WorkContext>('finetune', context));
}

const isObject: ArgumentCheck = {
  accepts: (value) => typeof value === 'object' && value !== null,
  fault: 'is no object',
};
const isEngine = hasMethod('compile', 'engine, as createOnnxRuntimeEngine makes one');

const inputArguments: ArgumentRules = {
  engine: required(isEngine),
  data: required(isObject),
  tokenizer: required(hasMethod('encode', 'tokenizer')),
  configuration: required(isObject),
  pretrained: hasMethod('read', 'source of weights'),
  options: required(isObject),
  promptEnds: {
    accepts: (value) => value instanceof Set,
    fault: 'is no Set of tokens',
  },
  samples: isObject,
  checkpointFolder: isText,
  metricsPath: isText,
  eventsPath: { type: 'path' },
};

const trainingArguments: ArgumentRules = {
  ...trainingOptions,
  seed: runOptions.seed,
  minimumSteps: { type: 'integer', minimum: 0, maximum: 1_000_000 },
  minimumStepsEpochs: { type: 'number', minimum: 0, maximum: 10_000 },
};

/** A precision is decided before this: `auto` is for {@link finetuneTitles}. */
const decidedArguments: ArgumentRules = {
  ...trainingArguments,
  mixedPrecision: { type: 'choice', choices: mixedPrecisions },
};

/** Options without which a training has no meaning; the others are off where they are left out. */
const requiredOptions = (['seed', 'minimumSteps', ...Object.keys(trainingOptions)] as const).filter(
  (name): name is keyof TrainingOptions => {
    const row: Partial<OptionRow> = trainingOptions[name as keyof typeof trainingOptions] ?? {};
    const isOff = name === 'patience' || name === 'dropout';
    return name === 'seed' || name === 'minimumSteps' || (row.defaultFor !== undefined && !isOff);
  },
);

const titlesArguments: ArgumentRules = {
  ...trainingArguments,
  ...sizeOptions,
  model: { type: 'text' },
  folder: isText,
  validationShare: titleOptions.validationShare,
  threads: deviceOptions.threads,
  engine: isEngine,
  context: isContext,
};

export interface FinetuneTitlesOptions extends Partial<TrainingOptions>, GivenSizes {
  /**
   * `nano` (the default), trained from scratch; `scratch`, likewise, of the sizes given; or a model as `loadModel` takes it.
   */
  readonly model?: string;
  /** Receives the trained model and the state to resume from. */
  readonly folder: string;
  /** Share of the titles held out for validation. Default: as `--validation-share`. */
  readonly validationShare?: RunOptions['validationShare'];
  /** Threads of the default engine. Default: one per core. */
  readonly threads?: RunOptions['threads'];
  /** Default: ONNX Runtime on the CPU. */
  readonly engine?: Engine;
  readonly context?: Partial<WorkContext>;
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
  checkArgument('finetuneTitles', 'titles', titles, required(isTexts));
  const {
    model = 'nano',
    folder,
    validationShare,
    threads,
    engine = createOnnxRuntimeEngine({ threads }),
    context: given,
    width,
    layers,
    heads,
    contextLength,
    vocabularySize,
    ...rest
  } = checkArguments('finetuneTitles', options, titlesArguments);
  const context = completeContext<WorkContext>('finetuneTitles', given);
  const sizes = { width, layers, heads, contextLength, vocabularySize };
  checkModelSizes({ model, ...sizes });
  const overrides = withoutUndefined(rest);
  const mixedPrecision = await enginePrecision(engine, overrides.mixedPrecision);
  if (overrides.frozenPrecision === 'int8') requireEngineInt8(engine, 'frozenPrecision int8');
  const split = splitTitles(titles, { validationShare });
  const decision = { choice: model, reason: 'named by the caller' };
  const { configuration, tokenizer, pretrained } = await openStartingModel(
    decision,
    split.train,
    sizes,
    context,
  );
  const limits = { maximumTokens: configuration.contextLength - 1 };
  const { sampleEvery: _, ...decided } = decideTrainingOptions(model, { ...defaultOptions(), ...overrides });
  try {
    const train = tokenizeTitles(split.train, tokenizer, limits);
    const validation = tokenizeTitles(split.validation, tokenizer, limits);
    const tooLong = train.tooLong + validation.tooLong;
    const input = {
      engine,
      data: { train: train.titles, validation: validation.titles, tooLong },
      tokenizer,
      configuration,
      pretrained,
      checkpointFolder: folder,
      metricsPath: join(folder, runFiles.metrics),
      eventsPath: join(folder, runFiles.events),
      options: { ...decided, ...overrides, mixedPrecision },
    };
    return await finetune(input, context);
  } finally {
    await pretrained?.close();
  }
}

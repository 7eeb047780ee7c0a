import type { WorkContext } from '../common/progress.js';
import type { FinetuneCounts } from '../common/stage-counts.js';
import { bitsPerByte, type TitleLosses } from '../common/title-losses.js';
import type { SplitTitles } from '../data/title-split.js';
import type { TitleJudge } from '../dedupe/title-judge.js';
import type { Engine } from '../model/engine/engine.js';
import { tokenizeTitles } from '../model/tokenizer/tokenized-titles.js';
import { train } from '../model/training/training-loop.js';
import { fittingRowLength, planTraining } from '../model/training/training-plan.js';
import type { TrainingStorage } from '../model/training/training-storage.js';
import type { WeightSource } from '../model/transformer/weight-source.js';
import type { OpenModel } from '../model/weights/open-model.js';
import { withoutUndefined } from '../options/call-arguments.js';
import type { RunOptions } from '../options/option-table.js';
import { defaultOptions } from '../options/option-values.js';
import { describeCopiesStop, describeEnd, planCopiesStop } from '../run/copies-stop.js';
import { measureTitleLosses } from '../run/measure-title-losses.js';
import { prepareGeneration } from '../run/prepared-generation.js';
import { decideTrainingOptions, rateNote } from '../run/training-decision.js';
import { sampleJudge, trainingSamples } from '../run/training-samples.js';

/** A model to begin with. */
export interface StartingModel extends OpenModel {
  /** Its name for the record: `base`, or what a person calls it. */
  readonly name: string;
  /** What identifies its files; left out where that is not known. */
  readonly hash?: string;
}

/** A training of a model on titles. */
export interface TitleTraining {
  readonly engine: Engine;
  readonly model: StartingModel;
  readonly titles: SplitTitles;
  /** As the command line has them: what is left out is decided by the model, as it is there. */
  readonly options: Partial<RunOptions>;
  readonly storage: TrainingStorage;
  /** Opens the weights that the storage was given last. */
  readonly openKept: () => Promise<WeightSource>;
  /** Keeps the texts of a sample, one a line. */
  readonly keepSample: (step: number, lines: string) => Promise<void>;
}

/** What came of it. */
interface TrainedTitles {
  readonly counts: FinetuneCounts;
  readonly losses: TitleLosses;
}

/**
 * Trains a model on titles as the finetune stage does, and measures the losses of single titles under what it kept. Goes on
 * from what the storage holds, and then ends with the same bytes as a training that was never stopped.
 * @throws InterruptedError after saving, once the signal is aborted; TitlesmithError when an option is wrong, there are too few
 *   titles, or memory is short.
 */
export async function trainOnTitles(training: TitleTraining, context: WorkContext): Promise<TrainedTitles> {
  const { engine, model, titles, storage, openKept, keepSample } = training;
  const options = { ...defaultOptions(), ...withoutUndefined(training.options) };
  const { configuration, tokenizer } = model;
  const note = (message: string | undefined): void => {
    if (message !== undefined) context.onProgress({ kind: 'note', message });
  };
  // Fails on wrong generation options before the training, not after it.
  prepareGeneration(options, model);
  const { sampleEvery, ...decided } = decideTrainingOptions(model.name, options);
  note(rateNote(model.name, configuration, options, decided.learningRate));
  const data = tokenized(titles, model, context);
  const { steps: plannedSteps } = planTraining(data, configuration, decided);
  let judge: Promise<TitleJudge> | undefined;
  const openJudge = (): Promise<TitleJudge> => (judge ??= sampleJudge(titles));
  const isStoppedByCopies = options.stopWhen === 'copies' || options.stopWhen === 'both';
  const { evaluateEvery } = decided;
  const ahead = { texts: options.sampleNum, steps: plannedSteps, sampleEvery, evaluateEvery };
  const copiesStop = isStoppedByCopies
    ? planCopiesStop(await openJudge(), titles.validation, ahead)
    : undefined;
  const settings = {
    keep: keepSample,
    every: sampleEvery,
    seed: options.seed,
    texts: options.sampleNum,
    length: options.sampleLength,
    stopFrom: copiesStop?.from,
  };
  const samples = trainingSamples(engine, { configuration, tokenizer, judge: openJudge }, settings, context);
  if (copiesStop) note(describeCopiesStop(copiesStop));
  const result = await train(
    {
      engine,
      data,
      tokenizer,
      configuration,
      pretrained: model.weights,
      storage,
      options: decided,
      samples: sampleEvery > 0 ? samples : undefined,
    },
    context,
  );
  note(describeEnd(result));
  const { weights: pretrained } = model;
  const trained = { engine, data, tokenizer, configuration, pretrained, openKept, seed: options.seed };
  const losses = await measureTitleLosses({ ...trained, step: result.bestStep }, context);
  const counts = {
    ...result,
    plannedSteps,
    ...(copiesStop ? { copiesStop } : {}),
    fittingRowLength: fittingRowLength(data, configuration),
    bitsPerByte: bitsPerByte(losses),
  };
  return { counts, losses };
}

function tokenized(
  { train, validation }: SplitTitles,
  { configuration, tokenizer }: OpenModel,
  { onProgress }: WorkContext,
) {
  const limits = { maximumTokens: configuration.contextLength - 1 };
  const [own, held] = [
    tokenizeTitles(train, tokenizer, limits),
    tokenizeTitles(validation, tokenizer, limits),
  ];
  const tooLong = own.tooLong + held.tooLong;
  if (tooLong > 0) {
    const message = `${tooLong} titles of more than ${limits.maximumTokens} tokens are left out of training.`;
    onProgress({ kind: 'warning', message });
  }
  return { train: own.titles, validation: held.titles, tooLong };
}

import { join } from 'node:path';
import { pluralize } from '../../common/number-formats.js';
import type { FinetuneCounts } from '../../common/stage-counts.js';
import { bitsPerByte } from '../../common/title-losses.js';
import { learnsTitlesAlone, promptEnds } from '../../data/conditioning.js';
import { readDataset } from '../../data/dataset-files.js';
import { readTrainedCondition, writeTrainedCondition } from '../../data/trained-condition.js';
import type { TitleJudge } from '../../dedupe/title-judge.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { openEngine } from '../../model/engine/open-engine.js';
import { train } from '../../model/training/training-loop.js';
import { fittingRowLength, planTraining } from '../../model/training/training-plan.js';
import { openSafetensorsModel } from '../../model/weights/safetensors.js';
import { describeCopiesStop, describeEnd, planCopiesStop } from '../../run/copies-stop.js';
import { measureTitleLosses } from '../../run/measure-title-losses.js';
import { prepareGeneration } from '../../run/prepared-generation.js';
import { runFiles, sampleFile } from '../../run/run-files.js';
import { decideTrainingOptions, rateNote } from '../../run/training-decision.js';
import { sampleJudge, trainingSamples } from '../../run/training-samples.js';
import { decidedDevice } from '../decide/device.js';
import { checkKnownModel, checkTrainingMemory } from '../decide/memory.js';
import { decidedPrecision } from '../decide/mixed-precision.js';
import { writeCanaries } from '../run/canaries-file.js';
import { writeTitleLosses } from '../run/title-losses-file.js';
import {
  describeFindings,
  describePlan,
  planCanaries,
  scoreCanaries,
  textsOfPlan,
  withCanaries,
} from './canaries.js';
import { readDatasetTitles } from './dataset.js';
import { withLargerModelNote } from './larger-model-note.js';
import { startingFolder, trainedCondition } from './model-condition.js';
import { readPrefixes } from './prefix-file.js';
import type { StageJob, StageWorkContext } from './stage.js';
import { openStartingModel } from './starting-model.js';
import { datasetTitles, tokenizeDataset, withTokens } from './token-file.js';
import { TrainingFiles } from './training-files.js';

/** dataset/ → tokens/, checkpoint/, metrics.jsonl, samples/ and title-losses.json. */
export async function runFinetune(job: StageJob, context: StageWorkContext): Promise<FinetuneCounts> {
  const { folder, work, preparation, options, decisions } = job;
  const modelName = decisions.model?.choice ?? 'nano';
  // Checked by name first, before anything is downloaded.
  checkKnownModel(modelName, options);
  const trainTitles = datasetTitles(join(folder, runFiles.train), 'vocabulary', context);
  const earlier = job.beginsWithCheckpoint ? join(folder, runFiles.checkpoint) : undefined;
  const { configuration, tokenizer, pretrained } = await openStartingModel(
    decisions.model,
    trainTitles,
    options,
    context,
    earlier,
  );
  try {
    // Fails on wrong generation options before the training, not after it.
    prepareGeneration(options, { configuration, tokenizer }, { prefixes: await readPrefixes(options) });
    const device = decidedDevice(decisions.device);
    const { sampleEvery, ...training } = decideTrainingOptions(
      modelName,
      options,
      decidedPrecision(decisions.mixedPrecision),
    );
    const aboutRate = rateNote(modelName, configuration, options, training.learningRate);
    if (aboutRate !== undefined) context.onProgress({ kind: 'note', message: aboutRate });
    const limits = { maximumTokens: configuration.contextLength - 1 };
    const start = earlier ?? (await startingFolder(decisions.model));
    const tooLong = await tokenizeDataset({ dataset: folder, into: preparation }, tokenizer, limits, context);
    const { fitting, rowsPerEpoch, plannedSteps, plan } = await withTokens(
      preparation,
      tokenizer,
      async (titles) => {
        const plan = await planCanaries({ folder, start, tokenizer, train: titles.train, options }, context);
        const data = { ...titles, train: withCanaries(titles.train, plan) };
        const { rowLength, rowsPerEpoch, steps } = planTraining(
          { ...data, tooLong },
          configuration,
          training,
        );
        const held = device.device === 'cpu' ? { ...training, rowLength } : undefined;
        checkTrainingMemory(modelName, configuration, options, held);
        return { fitting: fittingRowLength(data, configuration), rowsPerEpoch, plannedSteps: steps, plan };
      },
    );
    if (earlier !== undefined)
      context.onProgress({
        kind: 'note',
        message: `${pluralize(plannedSteps, 'further step')}, after those that its checkpoint has made`,
      });
    let judge: Promise<TitleJudge> | undefined;
    const openJudge = async (): Promise<TitleJudge> =>
      (judge ??= sampleJudge(await readDatasetTitles(folder), plan && textsOfPlan(plan)));
    const isStoppedByCopies = options.stopWhen === 'copies' || options.stopWhen === 'both';
    const ahead = {
      texts: options.sampleNum,
      steps: plannedSteps,
      sampleEvery,
      evaluateEvery: training.evaluateEvery,
    };
    const copiesStop = isStoppedByCopies
      ? planCopiesStop(await openJudge(), (await readDatasetTitles(folder)).validation, ahead)
      : undefined;
    const engine = await openEngine(device, { threads: options.threads });
    if (sampleEvery > 0) {
      const [now, then] = [work, folder].map((place) => join(place, runFiles.samples));
      context.onProgress({
        kind: 'note',
        message: `samples while it trains: ${now}; once it is done: ${then}`,
      });
    }
    const condition = await trainedCondition(
      options,
      readDataset(join(folder, runFiles.train)),
      context,
      start === undefined ? undefined : await readTrainedCondition(start),
    );
    await context.begin();
    const checkpointFolder = join(work, runFiles.checkpoint);
    if (condition) await writeTrainedCondition(checkpointFolder, condition);
    const samples = trainingSamples(
      engine,
      { configuration, tokenizer, judge: openJudge },
      {
        keep: (step, lines) => writeFileAtomic(join(work, sampleFile(step)), lines),
        every: sampleEvery,
        seed: options.seed,
        texts: options.sampleNum,
        length: options.sampleLength,
        stopFrom: copiesStop?.from,
      },
      context,
    );
    const onProgress = withLargerModelNote(decisions, options, rowsPerEpoch, context.onProgress);
    const storage = new TrainingFiles({
      checkpointFolder,
      metricsPath: join(work, runFiles.metrics),
      eventsPath: join(work, runFiles.events),
    });
    return await withTokens(work, tokenizer, async (data) => {
      if (copiesStop) context.onProgress({ kind: 'note', message: describeCopiesStop(copiesStop) });
      if (plan && plan.planted.length > 0) context.onProgress(describePlan(plan, data.train));
      const result = await train(
        {
          engine,
          data: { ...data, train: withCanaries(data.train, plan) },
          tokenizer,
          configuration,
          pretrained,
          storage,
          options: training,
          promptEnds: learnsTitlesAlone(options) ? promptEnds(tokenizer) : undefined,
          samples: sampleEvery > 0 ? samples : undefined,
        },
        { ...context, onProgress },
      );
      const end = describeEnd(result);
      if (end !== undefined) context.onProgress({ kind: 'note', message: end });
      const trained = {
        engine,
        data,
        tokenizer,
        configuration,
        openKept: () => openSafetensorsModel(checkpointFolder, configuration),
        step: result.bestStep,
        pretrained,
        seed: options.seed,
        promptEnds: options.condition.length > 0 ? promptEnds(tokenizer) : undefined,
      };
      const losses = await measureTitleLosses(trained, context);
      await writeTitleLosses(work, losses);
      if (plan) {
        const passes = passesUntil(result.bestStep, result);
        const canaries = await scoreCanaries(plan, { ...trained, passes }, context);
        await writeCanaries(work, canaries);
        const message = describeFindings(canaries);
        if (message !== undefined) context.onProgress({ kind: 'note', message });
      }
      return {
        ...result,
        plannedSteps,
        ...(job.trainingBehind ? { earlier: job.trainingBehind } : {}),
        ...(copiesStop ? { copiesStop } : {}),
        fittingRowLength: fitting,
        bitsPerByte: bitsPerByte(losses),
      };
    });
  } finally {
    await pretrained?.close();
  }
}

/** Passes over the titles until a step of a training, to thousandths. */
function passesUntil(step: number, { steps, epochs }: { steps: number; epochs: number }): number {
  return steps === 0 ? 0 : Math.round((1000 * epochs * step) / steps) / 1000;
}

import { join } from 'node:path';
import type { WorkContext } from '../../common/progress.js';
import type { FinetuneCounts } from '../../common/stage-counts.js';
import { openEngine } from '../../model/engine/open-engine.js';
import { train } from '../../model/training/training-loop.js';
import { decidedDevice } from '../decide/device.js';
import { checkPublishedModel, checkTrainingMemory } from '../decide/memory.js';
import { decideTrainingOptions } from '../decide/training.js';
import { hasEarlierCheckpoint } from '../run/earlier-results.js';
import { runFiles } from '../run/run-files.js';
import { readDatasetTitles } from './dataset.js';
import { prepareGeneration } from './prepared-generation.js';
import type { StageJob } from './stage.js';
import { openStartingModel } from './starting-model.js';
import { datasetTitles, tokenizeDataset } from './token-file.js';
import { TrainingFiles } from './training-files.js';
import { trainingSamples } from './training-samples.js';

/** The checkpoint that --restore-from latest starts from; undefined without that option or checkpoint. */
async function earlierCheckpoint(
  folder: string,
  { restoreFrom }: StageJob['options'],
): Promise<string | undefined> {
  const isThere = restoreFrom === 'latest' && (await hasEarlierCheckpoint(folder));
  return isThere ? join(folder, runFiles.earlierCheckpoint) : undefined;
}

/** dataset/ → tokens/, checkpoint/ and metrics.jsonl. */
export async function runFinetune(
  { folder, options, decisions }: StageJob,
  context: WorkContext,
): Promise<FinetuneCounts> {
  const modelName = decisions.model?.choice ?? 'nano';
  // Checked by name first, before anything is downloaded.
  checkPublishedModel(modelName, options);
  const trainTitles = datasetTitles(join(folder, runFiles.train), 'vocabulary', context);
  const { configuration, tokenizer, pretrained } = await openStartingModel(
    decisions.model,
    trainTitles,
    context,
    await earlierCheckpoint(folder, options),
  );
  checkTrainingMemory(modelName, configuration, options);
  // Fails on wrong generation options before the training, not after it.
  await prepareGeneration(options, { configuration, tokenizer });
  const limits = { maximumTokens: configuration.contextLength - 1 };
  const tokens = await tokenizeDataset(folder, tokenizer, limits, context);
  const engine = await openEngine(decidedDevice(decisions.device), { threads: options.threads });
  const { sampleEvery, ...training } = decideTrainingOptions(modelName, options);
  const samples = trainingSamples(
    engine,
    { configuration, tokenizer, titles: () => readDatasetTitles(folder) },
    {
      folder: join(folder, runFiles.samples),
      every: sampleEvery,
      seed: options.seed,
      texts: options.sampleNum,
      length: options.sampleLength,
    },
  );
  const storage = new TrainingFiles({
    checkpointFolder: join(folder, runFiles.checkpoint),
    metricsPath: join(folder, runFiles.metrics),
    eventsPath: join(folder, runFiles.events),
  });
  const input = {
    engine,
    data: tokens,
    tokenizer,
    configuration,
    pretrained,
    storage,
    options: training,
    samples: sampleEvery > 0 ? samples : undefined,
  };
  try {
    return await train(input, context);
  } finally {
    tokens.close();
    await pretrained?.close();
  }
}

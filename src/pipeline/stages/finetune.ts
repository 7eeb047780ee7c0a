import { join } from 'node:path';
import type { WorkContext } from '../../common/progress.js';
import { createOnnxRuntimeEngine } from '../../model/engine/onnxruntime.js';
import { tokenizeTitles } from '../../model/training/dataset.js';
import { finetune } from '../../model/training/finetune.js';
import type { StageJob } from './contract.js';
import type { FinetuneCounts } from './counts.js';
import { readDatasetTitles } from './dataset-titles.js';
import { runFiles } from './descriptions.js';
import { startingModel } from './starting-model.js';
import { trainingOptions } from './training-presets.js';
import { trainingSamples } from './training-samples.js';

/** dataset/ → checkpoint/ and metrics.jsonl. */
export async function runFinetune(
  { folder, options, decisions }: StageJob,
  context: WorkContext,
): Promise<FinetuneCounts> {
  const titles = await readDatasetTitles(folder);
  const model = await startingModel(decisions['model'], titles.train, context);
  const { configuration, tokenizer, pretrained } = model;
  const limits = { maximumTokens: configuration.contextLength - 1 };
  const train = tokenizeTitles(titles.train, tokenizer, limits);
  const validation = tokenizeTitles(titles.validation, tokenizer, limits);
  const tooLong = train.tooLong + validation.tooLong;
  if (tooLong > 0) {
    const message = `${tooLong} titles of more than ${limits.maximumTokens} tokens are left out of training.`;
    context.onProgress({ kind: 'warning', message });
  }
  const engine = createOnnxRuntimeEngine({ threads: options.threads });
  const { sampleEvery, ...training } = trainingOptions(decisions['model']?.choice ?? 'nano', options);
  const samples = trainingSamples(
    engine,
    { configuration, tokenizer, titles },
    { folder: join(folder, runFiles.samples), every: sampleEvery, seed: options.seed },
  );
  const input = {
    engine,
    data: { train: train.titles, validation: validation.titles },
    tokenizer,
    configuration,
    pretrained,
    checkpointFolder: join(folder, runFiles.checkpoint),
    metricsPath: join(folder, runFiles.metrics),
    options: training,
    samples: sampleEvery > 0 ? samples : undefined,
  };
  try {
    return await finetune(input, context);
  } finally {
    await pretrained?.close();
  }
}

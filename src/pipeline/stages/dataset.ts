import { join } from 'node:path';
import { type ConditionName, conditionPrompt, keywordsOf } from '../../common/conditioning.js';
import type { WorkContext } from '../../common/progress.js';
import { writeSplitDataset } from '../../model/training/dataset.js';
import { readTitleRecords } from '../cleaning/titles-file.js';
import type { StageJob } from './contract.js';
import type { DatasetCounts } from './counts.js';
import { runFiles } from './descriptions.js';

/** titles.csv → dataset/train.txt and dataset/validation.txt. */
export async function runDataset(
  { folder, options }: StageJob,
  context: WorkContext,
): Promise<DatasetCounts> {
  const titles = (): AsyncIterable<string> => conditioned(join(folder, runFiles.titles), options.condition);
  const { validationShare } = options;
  const counts = await writeSplitDataset(join(folder, 'dataset'), titles, { validationShare });
  const { train, validation } = counts;
  context.onProgress({
    kind: 'note',
    message: `${train} titles to train on, ${validation} held out by their hash`,
  });
  return counts;
}

/** Titles behind their prompts, where the model is to be prompted by something. */
async function* conditioned(path: string, names: readonly ConditionName[]): AsyncGenerator<string> {
  for await (const { title, subreddit } of readTitleRecords(path)) {
    yield conditionPrompt(names, { subreddit, keywords: keywordsOf(title) }) + title;
  }
}

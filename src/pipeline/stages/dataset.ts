import { join } from 'node:path';
import type { WorkContext } from '../../common/progress.js';
import { readTitleRecords } from '../../data/cleaning/titles-file.js';
import { conditionPrompt, keywordsOf } from '../../data/conditioning.js';
import { writeSplitDataset } from '../../data/dataset.js';
import type { ConditionName } from '../../options/choices.js';
import type { DatasetCounts } from './counts.js';
import { runFiles } from './descriptions.js';
import type { StageJob } from './stage-job.js';

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

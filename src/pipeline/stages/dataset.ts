import { join } from 'node:path';
import { collect } from '../../common/collect.js';
import type { DatasetCounts } from '../../common/stage-counts.js';
import { conditionPrompt, keywordsOf, withoutCondition } from '../../data/conditioning.js';
import { readDataset, writeSplitDataset } from '../../data/dataset-files.js';
import { readTitleRecords } from '../../data/titles-file.js';
import type { ConditionName } from '../../options/choices.js';
import { runFiles } from '../run/run-files.js';
import type { StageJob, StageWorkContext } from './stage.js';

/** titles.csv → dataset/train.txt and dataset/validation.txt. */
export async function runDataset(
  { folder, work, options }: StageJob,
  context: StageWorkContext,
): Promise<DatasetCounts> {
  const titles = (): AsyncIterable<string> => conditioned(join(folder, runFiles.titles), options.condition);
  const { validationShare } = options;
  const split = { validationShare, onChecked: context.begin };
  const counts = await writeSplitDataset(join(work, runFiles.dataset), titles, split);
  const { train, validation } = counts;
  context.onProgress({
    kind: 'note',
    message: `${train} titles to train on, ${validation} held out by their hash`,
  });
  return counts;
}

/** Titles, each after its prompt if the model is conditioned on something. */
async function* conditioned(path: string, names: readonly ConditionName[]): AsyncGenerator<string> {
  for await (const { title, subreddit } of readTitleRecords(path)) {
    yield conditionPrompt(names, { subreddit, keywords: keywordsOf(title) }) + title;
  }
}

/** The titles of a run as the dataset stage split them. */
export interface DatasetTitles {
  readonly train: readonly string[];
  readonly validation: readonly string[];
}

/** Reads both dataset files and removes the prompts. @throws TitlesmithError naming file and line of a malformed title. */
export async function readDatasetTitles(folder: string): Promise<DatasetTitles> {
  return {
    train: (await collect(readDataset(join(folder, runFiles.train)))).map(withoutCondition),
    validation: (await collect(readDataset(join(folder, runFiles.validation)))).map(withoutCondition),
  };
}

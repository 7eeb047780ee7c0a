import { join } from 'node:path';
import type { WorkContext } from '../../common/progress.js';
import { writeSplitDataset } from '../../model/training/dataset.js';
import { readTitles } from '../cleaning/titles-file.js';
import type { StageJob } from './contract.js';
import type { DatasetCounts } from './counts.js';
import { runFiles } from './descriptions.js';

/** titles.csv → dataset/train.txt and dataset/validation.txt. */
export async function runDataset(
  { folder, options }: StageJob,
  context: WorkContext,
): Promise<DatasetCounts> {
  const titles = (): AsyncIterable<string> => readTitles(join(folder, runFiles.titles));
  const { validationShare } = options;
  const counts = await writeSplitDataset(join(folder, 'dataset'), titles, { validationShare });
  const { train, validation } = counts;
  context.onProgress({
    kind: 'note',
    message: `${train} titles to train on, ${validation} held out by their hash`,
  });
  return counts;
}

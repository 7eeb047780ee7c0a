import { join } from 'node:path';
import type { WorkContext } from '../../common/progress.js';
import { splitTitles, writeDataset } from '../../model/training/dataset.js';
import { readTitles } from '../cleaning/titles-file.js';
import { collect } from '../collect.js';
import type { StageJob } from './contract.js';
import type { DatasetCounts } from './counts.js';
import { runFiles } from './descriptions.js';

/** titles.csv → dataset/train.txt and dataset/validation.txt. */
export async function runDataset(
  { folder, options }: StageJob,
  context: WorkContext,
): Promise<DatasetCounts> {
  const titles = await collect(readTitles(join(folder, runFiles.titles)));
  const split = splitTitles(titles, { validationShare: options.validationShare });
  await writeDataset(join(folder, 'dataset'), split);
  const counts = { train: split.train.length, validation: split.validation.length };
  const { train, validation } = counts;
  context.onProgress({
    kind: 'note',
    message: `${train} titles to train on, ${validation} held out by their hash`,
  });
  return counts;
}

import { join } from 'node:path';
import { withoutCondition } from '../../data/conditioning.js';
import { readDataset } from '../../data/dataset.js';
import { collect } from '../collect.js';
import { runFiles } from './descriptions.js';

/** The titles of a run as the dataset stage split them. */
export interface DatasetTitles {
  readonly train: readonly string[];
  readonly validation: readonly string[];
}

/** Reads both dataset files, without the prompts before titles. @throws TitlesmithError naming file and line of a malformed one. */
export async function readDatasetTitles(folder: string): Promise<DatasetTitles> {
  return {
    train: (await collect(readDataset(join(folder, runFiles.train)))).map(withoutCondition),
    validation: (await collect(readDataset(join(folder, runFiles.validation)))).map(withoutCondition),
  };
}

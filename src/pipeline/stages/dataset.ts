import { join } from 'node:path';
import { collect } from '../../common/collect.js';
import type { DatasetCounts } from '../../common/stage-counts.js';
import {
  conditionPrompt,
  isPrompted,
  keywordsOf,
  learnsTitlesAlone,
  withoutCondition,
} from '../../data/conditioning.js';
import { readDataset, writeSplitDataset } from '../../data/dataset-files.js';
import type { SplitTitles } from '../../data/title-split.js';
import { readTitleRecords } from '../../data/titles-file.js';
import { runFiles } from '../../run/run-files.js';
import type { StageJob, StageWorkContext } from './stage.js';

/** Texts that are longer in the mean, in UTF-16 units, are hardly titles: Reddit's have at most 300. */
const documentLength = 400;

/** Fewer titles than this are told to be few. */
const fewTitles = 100;

/** titles.csv → dataset/train.txt and dataset/validation.txt. */
export async function runDataset(
  { folder, work, options }: StageJob,
  context: StageWorkContext,
): Promise<DatasetCounts> {
  const { validationShare, condition, conditionShare = 1 } = options;
  let [prompted, characters] = [0, 0];
  /** Titles, each after its prompt if it is to have one. */
  const titles = async function* (): AsyncGenerator<string> {
    [prompted, characters] = [0, 0];
    for await (const { title, subreddit } of readTitleRecords(join(folder, runFiles.titles))) {
      const hasPrompt = condition.length > 0 && isPrompted(title, conditionShare);
      if (hasPrompt) prompted += 1;
      characters += title.length;
      yield (hasPrompt ? conditionPrompt(condition, { subreddit, keywords: keywordsOf(title) }) : '') + title;
    }
  };
  const split = { validationShare, onChecked: context.begin };
  const counts = await writeSplitDataset(join(work, runFiles.dataset), titles, split);
  const { train, validation } = counts;
  const isShared = learnsTitlesAlone(options);
  const withPrompt = isShared ? `; ${prompted} of all have a prompt, by their hash too` : '';
  context.onProgress({
    kind: 'note',
    message: `${train} titles to train on, ${validation} held out by their hash${withPrompt}`,
  });
  const meanLength = Math.round(characters / Math.max(1, train + validation));
  if (meanLength > documentLength)
    context.onProgress({
      kind: 'warning',
      message: `These texts have ${meanLength} characters in the mean: titlesmith learns short texts, such as titles, each by itself (docs/data.md#documents).`,
    });
  if (train === 0 || validation === 0)
    context.onProgress({
      kind: 'warning',
      message:
        'No model can be trained on these: it takes one title to train on and one held out at least, and a hundred or more to be of use.',
    });
  else if (train + validation < fewTitles)
    context.onProgress({
      kind: 'warning',
      message: `${train + validation} titles are few: it takes a hundred or more for a model to be of use.`,
    });
  return isShared ? { ...counts, prompted } : counts;
}

/** Reads both dataset files and removes the prompts. @throws TitlesmithError naming file and line of a malformed title. */
export async function readDatasetTitles(folder: string): Promise<SplitTitles> {
  return {
    train: (await collect(readDataset(join(folder, runFiles.train)))).map(withoutCondition),
    validation: (await collect(readDataset(join(folder, runFiles.validation)))).map(withoutCondition),
  };
}

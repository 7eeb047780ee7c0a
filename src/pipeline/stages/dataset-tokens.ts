import { join } from 'node:path';
import { InterruptedError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { readDataset } from '../../data/dataset.js';
import type { TokenLimits } from '../../model/tokenizer/tokenized-titles.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { TrainingData } from '../../model/training/training-plan.js';
import { runFiles } from '../run/run-files.js';
import { TokenFile, writeTokens } from './token-file.js';

/** Titles between two signs of life. */
const reportEvery = 20_000;

/**
 * The titles of a dataset file, streamed, telling how far it is.
 * @throws TitlesmithError for a malformed line; InterruptedError.
 */
export async function* datasetTitles(
  path: string,
  label: string,
  { onProgress, signal }: WorkContext,
): AsyncGenerator<string> {
  let done = 0;
  for await (const title of readDataset(path)) {
    done += 1;
    if (done % reportEvery === 0) {
      if (signal.aborted) throw new InterruptedError();
      onProgress({ kind: 'progress', label, done, unit: 'titles' });
    }
    yield title;
  }
}

/** Both sides of a dataset as tokens on disk. */
export interface DatasetTokens extends TrainingData {
  close(): void;
}

/**
 * Writes a run's dataset as tokens, and opens it. Titles of too many tokens are left out, aloud.
 * @throws TitlesmithError for a file that is malformed or cannot be written; InterruptedError.
 */
export async function tokenizeDataset(
  folder: string,
  tokenizer: Tokenizer,
  limits: TokenLimits,
  context: WorkContext,
): Promise<DatasetTokens> {
  let tooLong = 0;
  const tokenize = async (titles: string, tokens: string): Promise<void> => {
    const watched = datasetTitles(join(folder, titles), 'tokenize', context);
    tooLong += (await writeTokens(join(folder, tokens), watched, tokenizer, limits)).tooLong;
  };
  await tokenize(runFiles.train, runFiles.trainTokens);
  await tokenize(runFiles.validation, runFiles.validationTokens);
  if (tooLong > 0) {
    const message = `${tooLong} titles of more than ${limits.maximumTokens} tokens are left out of training.`;
    context.onProgress({ kind: 'warning', message });
  }
  const train = TokenFile.open(join(folder, runFiles.trainTokens), tokenizer);
  const validation = TokenFile.open(join(folder, runFiles.validationTokens), tokenizer);
  const close = (): void => {
    train.close();
    validation.close();
  };
  return { train, validation, close };
}

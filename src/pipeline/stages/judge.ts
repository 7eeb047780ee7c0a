import { join } from 'node:path';
import type { Judgement } from '../../common/judgement.js';
import type { WorkContext } from '../../common/progress.js';
import { createTitleIndex } from '../../dedupe/comparison.js';
import { dedupe } from '../../dedupe/dedupe.js';
import type { Tokenize } from '../../dedupe/token-runs.js';
import { gpt2Tokenizer } from '../../model/tokenizer/gpt2.js';
import { readAcceptedBefore } from '../run/accepted-before.js';
import { readDatasetTitles } from './dataset-titles.js';
import { runFiles } from './descriptions.js';
import { readGenerated } from './generated-file.js';

/** Runs are counted in GPT-2's tokens of the folded text, whatever the model: one measure for all runs. */
export const tokenizeFolded: Tokenize = (folded) => gpt2Tokenizer().encode(` ${folded}`);

/**
 * Judges a run's generated titles by its training titles, and the held-out titles by the same rules: they
 * are the baseline.
 */
export async function judgeRun(
  folder: string,
  threshold: number | 'auto',
  context: WorkContext,
): Promise<Judgement> {
  const outputs = await readGenerated(join(folder, runFiles.generated));
  const { train, validation } = await readDatasetTitles(folder);
  const index = createTitleIndex(train, tokenizeFolded);
  const earlier = await readAcceptedBefore(folder);
  return dedupe(outputs, index, { threshold, heldOut: validation, earlier }, context);
}

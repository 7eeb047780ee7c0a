import { join } from 'node:path';
import type { WorkContext } from '../../common/progress.js';
import { dedupe, type Verdict } from '../../dedupe/dedupe.js';
import { createSimilarityIndex, type SimilarityIndex } from '../../dedupe/similarity-index.js';
import { readDatasetTitles } from './dataset-titles.js';
import { runFiles } from './descriptions.js';
import { readGenerated } from './generated-file.js';

export interface Judgement {
  readonly verdicts: readonly Verdict[];
  /** The training titles. */
  readonly index: SimilarityIndex;
  readonly validation: readonly string[];
}

/**
 * Judges a run's generated titles. Ratings are with the training titles alone, so that the held-out titles can serve
 * as the baseline; but an output that is a held-out title, word for word, is not new either, and is refused.
 */
export async function judgeRun(folder: string, threshold: number, context: WorkContext): Promise<Judgement> {
  const outputs = await readGenerated(join(folder, runFiles.generated));
  const { train, validation } = await readDatasetTitles(folder);
  const index = createSimilarityIndex(train);
  const heldOut = new Set(validation);
  const verdicts = await dedupe(outputs, index, { threshold }, context);
  return { verdicts: verdicts.map((verdict) => refuseHeldOut(verdict, heldOut)), index, validation };
}

function refuseHeldOut(verdict: Verdict, heldOut: ReadonlySet<string>): Verdict {
  if (verdict.reason !== undefined || !heldOut.has(verdict.text)) return verdict;
  return { ...verdict, reason: 'exact copy', rating: 1, matched: verdict.text };
}

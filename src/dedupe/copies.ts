import type { CopyReason, CopyRules } from '../common/judgement.js';
import { type Comparison, closest, type RatedTitle } from './comparison.js';
import { createSimilarityIndex } from './similarity-index.js';
import { coverByRuns, type RunCoverage } from './token-runs.js';

/** Minimum share of its tokens that the runs of a partial or glued copy cover. */
const coveredShare = 0.9;

/** Why a text is a copy, and the evidence. */
export interface CopyEvidence extends RatedTitle {
  readonly reason: CopyReason;
  /** One sentence. */
  readonly evidence: string;
  /** The other training title of a glued copy. */
  readonly second?: string;
}

/**
 * The first kind of copy that a text is by the rules; undefined if it is none.
 * @param titles the training titles the text was compared with.
 */
export function findCopy(
  comparison: Comparison,
  rules: Pick<CopyRules, 'threshold' | 'minimumRun' | 'minimumCosine' | 'minimumLikeness'>,
  titles: readonly string[],
): CopyEvidence | undefined {
  const { text, rating, matched, copied, folded } = comparison;
  if (copied !== undefined) {
    return { reason: 'exact copy', rating, matched: copied, evidence: 'stands in the training titles' };
  }
  if (rating >= rules.threshold) {
    return { reason: 'near copy', rating, matched, evidence: `rated ${shown(rating)} with a training title` };
  }
  if (folded.rating >= rules.threshold) {
    const evidence =
      `rated ${shown(folded.rating)} with case, punctuation and accents set aside, ` +
      `${shown(rating)} as written`;
    return { reason: 'disguised copy', ...folded, evidence };
  }
  if (text === '') return undefined;
  if (rules.minimumRun !== undefined && isMadeOfRuns(comparison, rules.minimumRun))
    return copiedRuns(comparison, coverByRuns(comparison.runs, rules.minimumRun), titles);
  return paraphrased(comparison, rules);
}

function paraphrased(
  { text, meaning }: Comparison,
  { minimumCosine, minimumLikeness }: Pick<CopyRules, 'minimumCosine' | 'minimumLikeness'>,
): CopyEvidence | undefined {
  if (minimumCosine === undefined || !meaning || meaning.cosine < minimumCosine) return undefined;
  const { cosine, matched, likeness = Number.NEGATIVE_INFINITY } = meaning;
  if (minimumLikeness !== undefined && likeness < minimumLikeness) return undefined;
  const { rating } = createSimilarityIndex([matched]).best(text);
  const byTokens = minimumLikeness === undefined ? '' : `, likeness ${likeness.toFixed(2)} of their tokens`;
  const evidence = `means what a training title means: cosine ${shown(cosine)} of their vectors${byTokens}`;
  return { reason: 'paraphrase', rating, matched, evidence };
}

/** Whether one or two runs of training titles, each of `minimumRun` tokens or more, cover nearly all of a text. */
export function isMadeOfRuns({ runs }: Comparison, minimumRun: number): boolean {
  return coverByRuns(runs, minimumRun).share >= coveredShare;
}

function copiedRuns(
  comparison: Comparison,
  { tokens, runs }: RunCoverage,
  titles: readonly string[],
): CopyEvidence {
  const { rating } = closest(comparison);
  const [first, second] = runs;
  const matched = titles[first!.title]!;
  if (second === undefined) {
    const evidence = `${first!.length} of its ${tokens} tokens are one run of a training title`;
    return { reason: 'partial copy', rating, matched, evidence };
  }
  const evidence =
    `${first!.length} of its ${tokens} tokens are a run of one training title, ` +
    `${second.length} of another`;
  return { reason: 'glued copy', rating, matched, evidence, second: titles[second.title]! };
}

/** Rounded towards 0, so that no rating below 1 shows as 1. */
function shown(rating: number): string {
  return (Math.floor(rating * 1000) / 1000).toFixed(3);
}

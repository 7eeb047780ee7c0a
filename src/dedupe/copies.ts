import { type Comparison, closest, type RatedTitle } from './compare.js';
import { coverByRuns, type RunCoverage } from './token-runs.js';

/**
 * Ways of being a copy of training titles, in the order they are tried.
 * - `exact copy`: a training title, white space apart.
 * - `near copy`: rated at or above the threshold with a training title.
 * - `disguised copy`: the same with case, punctuation, accents and width set aside.
 * - `partial copy`: nearly all of it is one run of words that a training title has.
 * - `glued copy`: nearly all of it is two runs, each from a training title.
 */
export const copyReasons = [
  'exact copy',
  'near copy',
  'disguised copy',
  'partial copy',
  'glued copy',
] as const;
export type CopyReason = (typeof copyReasons)[number];

/** From where on a text counts as a copy. */
export interface CopyRules {
  /** Rating from which a text is a near copy: above 0, at most 1. */
  readonly threshold: number;
  /**
   * Tokens a run must have at least to count for a partial or glued copy; undefined: they are not looked
   * for.
   */
  readonly minimumRun: number | undefined;
}

/** Part of its tokens that the runs of a partial or glued copy cover. */
export const coveredShare = 0.9;

/** Why a text is a copy, and what shows it. */
export interface CopyEvidence extends RatedTitle {
  readonly reason: CopyReason;
  /** One sentence. */
  readonly evidence: string;
  /** The other training title of a glued copy. */
  readonly second?: string;
}

/** @param titles the training titles the text was compared with. */
export function findCopy(
  comparison: Comparison,
  rules: CopyRules,
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
  if (rules.minimumRun === undefined) return undefined;
  const coverage = coverByRuns(comparison.runs, rules.minimumRun);
  if (coverage.share < coveredShare || text === '') return undefined;
  return copiedRuns(comparison, coverage, titles);
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

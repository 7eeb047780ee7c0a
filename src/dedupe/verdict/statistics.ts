import {
  type BaseStatistics,
  fewestTexts,
  type LossFindings,
  type Measure,
  type MembershipTests,
  type NonInferiority,
  type OverfitStatistics,
  type OverfitVerdict,
  type RatedText,
  type RatingSummary,
} from '../../common/judgement.js';
import type { TitleLosses } from '../../common/title-losses.js';
import { type ArgumentCheck, checkArgument, checkArguments, hasItems } from '../../options/call-arguments.js';
import { findInLosses } from './loss-findings.js';
import { countWhere, type KindOfCopy, takeMeasures } from './measures.js';
import { testNonInferiority } from './non-inferiority.js';
import { type Counted, shareDifference, wilsonShare } from './proportions.js';

/** Excess of copies, beyond chance, from which on a model recites. */
const clearExcess = 0.05;
/** Share of outputs without text, beyond chance, from which on a model has learned too little. */
const clearlyBroken = 0.05;

/** The input of the statistics: a text's closest rating with a training title, and whether it is a copy, of which kind. */
export type RatedCopy = Pick<RatedText, 'closestRating'> &
  KindOfCopy & { readonly reason?: string | undefined };

/** What else is known of a run. */
interface OverfitEvidence {
  /**
   * Titles of the source, and how many of them say what another says: how often real titles repeat each other. Default: the
   * held-out titles, none of which is an exact copy.
   */
  readonly repeatedTitles?: Counted | undefined;
  /** As a judgement has them. */
  readonly membership?: MembershipTests | undefined;
  /** As training measures them. */
  readonly losses?: TitleLosses | undefined;
}

const isEvidence: ArgumentCheck = {
  accepts: (value) => typeof value === 'object' && value !== null,
  fault: 'is no object',
};

/**
 * Compares the outputs with the held-out titles, measure by measure, and draws the verdict (docs/overfitting.md).
 * @throws TitlesmithError `usage` for an argument that is wrong.
 */
export function overfitStatistics(
  outputTexts: readonly RatedCopy[],
  heldOutTexts: readonly RatedCopy[],
  evidence: OverfitEvidence = {},
): OverfitStatistics {
  const areRated = hasItems('rated texts', 'closestRating', 'copied');
  checkArgument('overfitStatistics', 'outputTexts', outputTexts, areRated);
  checkArgument('overfitStatistics', 'heldOutTexts', heldOutTexts, areRated);
  const rules = { repeatedTitles: isEvidence, membership: isEvidence, losses: isEvidence };
  const { repeatedTitles, membership, losses } = checkArguments('overfitStatistics', evidence, rules);
  const outputs = summariseRatings(outputTexts);
  const heldOut = summariseRatings(heldOutTexts);
  const excess = shareDifference(outputs.copies, heldOut.copies);
  const isCopied = ({ copied }: RatedCopy): boolean => copied;
  const comparison = testNonInferiority(
    countWhere(outputTexts, isCopied),
    countWhere(heldOutTexts, isCopied),
  );
  const ofLosses = findInLosses(losses);
  const isComparable = outputs.count > 0 && heldOut.count > 0;
  const measures = isComparable
    ? takeMeasures(outputTexts, heldOutTexts, { repeatedTitles, membership, losses: ofLosses })
    : [];
  const isEnough = outputs.count >= fewestTexts && heldOut.count >= fewestTexts;
  const found = { outputs, heldOut, excess, comparison, measures, losses: ofLosses };
  return { ...found, verdict: judge(found, outputTexts, isEnough) };
}

interface Findings {
  readonly excess: { readonly low: number };
  readonly comparison: NonInferiority;
  readonly measures: readonly Measure[];
  readonly losses: LossFindings | undefined;
}

/**
 * The verdict. Copies are counted, and tested exactly, so that few outputs may show that a model recites; and how well it
 * predicts held-out titles does not depend on its outputs. What rests on an approximation waits for enough of what it is of.
 */
function judge(
  { excess, comparison, measures, losses }: Findings,
  outputs: readonly RatedCopy[],
  isEnough: boolean,
): OverfitVerdict {
  const significant = measures.filter(({ isSignificant }) => isSignificant);
  const copies = significant.filter(({ name }) => name === 'exact copies' || name === 'copies');
  if (
    copies.length > 0 &&
    [excess, ...copies.map(({ difference }) => difference)].some(({ low }) => low >= clearExcess)
  ) {
    return 'overfits';
  }
  if (copies.length > 0) return 'leans';
  const broken = countWhere(outputs, ({ reason }) => reason === 'blank' || reason === 'broken text');
  if (isEnough && wilsonShare(broken.count, broken.total, 'bound').low >= clearlyBroken) return 'underfits';
  const gains = losses && losses.titles.heldOut >= fewestTexts ? Object.values(losses.gains) : [];
  // One that knows its titles by heart predicts others no better for another reason: it has learned too long.
  const knowsItsTitles = significant.some(({ name }) => name === 'told apart');
  if (gains.some(({ high }) => high <= 0) && !knowsItsTitles) return 'underfits';
  if (significant.length > 0) return 'leans';
  const hasLearned = gains.length > 0 && gains.every(({ low }) => low > 0);
  return isEnough && comparison.holds && hasLearned ? 'healthy' : 'unknown';
}

/** @returns undefined where the texts were not asked for among the base model's titles. */
export function baseStatistics(
  outputTexts: readonly Pick<RatedText, 'inBase'>[],
  heldOutTexts: readonly Pick<RatedText, 'inBase'>[],
): BaseStatistics | undefined {
  const isAsked = ({ inBase }: Pick<RatedText, 'inBase'>): boolean => inBase !== undefined;
  if (![...outputTexts, ...heldOutTexts].some(isAsked)) return undefined;
  const shareIn = (texts: readonly Pick<RatedText, 'inBase'>[]) => ({
    total: texts.length,
    ...wilsonShare(texts.filter(({ inBase }) => inBase).length, texts.length),
  });
  const [outputs, heldOut] = [shareIn(outputTexts), shareIn(heldOutTexts)];
  return { outputs, heldOut, excess: shareDifference(outputs, heldOut) };
}

export function summariseRatings(texts: readonly RatedCopy[]): RatingSummary {
  const sorted = Float64Array.from(texts, (text) => text.closestRating).sort();
  const count = sorted.length;
  return {
    count,
    mean: count === 0 ? 0 : sorted.reduce((sum, rating) => sum + rating, 0) / count,
    median: quantile(sorted, 0.5),
    ninetiethPercentile: quantile(sorted, 0.9),
    highest: sorted[count - 1] ?? 0,
    copies: wilsonShare(texts.filter((text) => text.copied).length, count),
  };
}

/** The smallest value that at least a share of the values do not exceed; 0 for no values. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

import type {
  BaseStatistics,
  OverfitStatistics,
  OverfitVerdict,
  RatedText,
  RatingSummary,
  Share,
  ShareDifference,
} from '../common/judgement.js';
import { checkArgument, hasItems } from '../options/call-arguments.js';

/** The 97.5% quantile of the standard normal distribution, for intervals of 95%. */
const normalQuantile = 1.959963984540054;
const minimumTexts = 30;
const clearExcess = 0.05;

/** The input of the statistics: a text's closest rating with a training title, and whether it is a copy. */
export type RatedCopy = Pick<RatedText, 'closestRating' | 'copied'>;

/**
 * Compares the outputs' copies and closest ratings with those of the held-out titles.
 */
export function overfitStatistics(
  outputTexts: readonly RatedCopy[],
  heldOutTexts: readonly RatedCopy[],
): OverfitStatistics {
  const areRated = hasItems('rated texts', 'closestRating', 'copied');
  checkArgument('overfitStatistics', 'outputTexts', outputTexts, areRated);
  checkArgument('overfitStatistics', 'heldOutTexts', heldOutTexts, areRated);
  const outputs = summarise(outputTexts);
  const heldOut = summarise(heldOutTexts);
  const excess = difference(outputs.copies, heldOut.copies);
  return { outputs, heldOut, excess, verdict: judge(outputs.count, heldOut.count, excess.low) };
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
  return { outputs, heldOut, excess: difference(outputs, heldOut) };
}

/**
 * `a` minus `b`, with Newcombe's hybrid score interval ("Interval estimation for the difference between independent
 * proportions", Statistics in Medicine 17, 1998, method 10).
 */
function difference(a: Share, b: Share): ShareDifference {
  const share = a.share - b.share;
  return {
    share,
    low: share - Math.hypot(a.share - a.low, b.high - b.share),
    high: share + Math.hypot(a.high - a.share, b.share - b.low),
  };
}

function judge(outputs: number, heldOut: number, leastExcess: number): OverfitVerdict {
  if (outputs < minimumTexts || heldOut < minimumTexts) return 'unknown';
  if (leastExcess >= clearExcess) return 'overfits';
  return leastExcess > 0 ? 'leans' : 'healthy';
}

function summarise(texts: readonly RatedCopy[]): RatingSummary {
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

/**
 * A share and its score interval (Wilson, "Probable inference, the law of succession, and statistical
 * inference", JASA 22, 1927). For no texts, the share is 0 and the interval is [0, 1].
 */
export function wilsonShare(count: number, total: number): Share {
  if (total === 0) return { count, share: 0, low: 0, high: 1 };
  const share = count / total;
  const squared = normalQuantile ** 2;
  const centre = share + squared / (2 * total);
  const margin = normalQuantile * Math.sqrt((share * (1 - share)) / total + squared / (4 * total ** 2));
  const scale = 1 + squared / total;
  return {
    count,
    share,
    low: count === 0 ? 0 : Math.max(0, (centre - margin) / scale),
    high: count === total ? 1 : Math.min(1, (centre + margin) / scale),
  };
}

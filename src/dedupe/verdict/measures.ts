import {
  fewestTexts,
  type LossFindings,
  type Measure,
  type MembershipTest,
  type MembershipTests,
  type RatedText,
} from '../../common/judgement.js';
import {
  type Counted,
  detectableExcess,
  fisherGreater,
  intervalQuantile,
  normalTail,
  shareDifference,
  wilsonShare,
} from './proportions.js';

/** Chance of calling a model that learned nothing by heart one that leans on its titles, all measures together. */
const falseAlarms = 0.01;
/** Chance with which the excess that is said to be visible would be seen. */
const power = 0.9;

/**
 * A model that tells more than so many pairs of a training title and a held-out one apart knows its titles by heart. Some it
 * tells as soon as it has learned anything: 0.5 is no limit that a trained model keeps.
 */
const toldApartLimit = 0.9;

/** A text, and which kind of copy it is. */
export type KindOfCopy = Pick<RatedText, 'copied' | 'copy'>;

/** Texts that have what is looked for, and all. */
export function countWhere<T>(texts: readonly T[], has: (text: T) => boolean): Counted {
  return { count: texts.filter(has).length, total: texts.length };
}

/** What is known besides the texts. */
interface Evidence {
  /** Titles of the source, and how many of them say what another says. */
  readonly repeatedTitles: Counted | undefined;
  readonly membership: MembershipTests | undefined;
  readonly losses: LossFindings | undefined;
}

/** The measures of the outputs beside what is usual, corrected for being several. */
export function takeMeasures(
  outputs: readonly KindOfCopy[],
  heldOut: readonly KindOfCopy[],
  { repeatedTitles, membership, losses }: Evidence,
): Measure[] {
  const isExact = ({ copy }: KindOfCopy): boolean => copy === 'exact copy';
  const isCopied = ({ copied }: KindOfCopy): boolean => copied;
  const memberships = membership
    ? [
        membershipMeasure('closeness', membership.closeness),
        membershipMeasure('unauthentic outputs', membership.unauthentic),
        membershipMeasure('shared runs', membership.runs),
      ]
    : [];
  const others = [...memberships, ...(losses ? toldApartMeasure(losses) : [])];
  const level = falseAlarms / (2 + others.length);
  const usualExact = repeatedTitles ?? countWhere(heldOut, isExact);
  return corrected([
    copyMeasure('exact copies', countWhere(outputs, isExact), usualExact, level),
    copyMeasure('copies', countWhere(outputs, isCopied), countWhere(heldOut, isCopied), level),
    ...others,
  ]);
}

type Uncorrected = Omit<Measure, 'adjustedP' | 'isSignificant'>;

/** @param level of its test where it is the only one that finds something. */
function copyMeasure(name: Measure['name'], outputs: Counted, usual: Counted, level: number): Uncorrected {
  const [a, b] = [outputs, usual].map(({ count, total }) => wilsonShare(count, total));
  return {
    name,
    observed: a!.share,
    usual: b!.share,
    difference: shareDifference(a!, b!),
    p: fisherGreater(outputs, usual),
    detectable: detectableExcess(outputs.total, usual, { level, power }),
  };
}

function membershipMeasure(
  name: Measure['name'],
  { heldOut, all, deviation, p }: MembershipTest,
): Uncorrected {
  const share = all - heldOut;
  const margin = intervalQuantile * deviation;
  const difference = { share, low: share - margin, high: share + margin };
  return { name, observed: all, usual: heldOut, difference, p };
}

/**
 * Tests by the largest variance that so large an area under the ROC curve can have, A (1 − A) / (titles of the smaller group)
 * (van Dantzig, "On the consistency and the power of Wilcoxon's two sample test", Indagationes Mathematicae 13, 1951): that of
 * DeLong's interval is estimated, and too small where few titles differ.
 */
function toldApartMeasure({ titles, toldApart }: LossFindings): Uncorrected[] {
  if (toldApart === undefined || Math.min(titles.heldOut, titles.training) < fewestTexts) return [];
  const { value, low, high } = toldApart;
  const variance = (toldApartLimit * (1 - toldApartLimit)) / Math.min(titles.heldOut, titles.training);
  const excess = value - toldApartLimit;
  const difference = { share: excess, low: low - toldApartLimit, high: high - toldApartLimit };
  const p = normalTail(excess / Math.sqrt(variance));
  return [{ name: 'told apart', observed: value, usual: toldApartLimit, difference, p }];
}

/** Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6, 1979. */
function corrected(measures: readonly Uncorrected[]): Measure[] {
  const adjusted = new Map<Uncorrected, number>();
  let least = 0;
  for (const [rank, measure] of [...measures].sort((a, b) => a.p - b.p).entries()) {
    least = Math.max(least, Math.min(1, (measures.length - rank) * measure.p));
    adjusted.set(measure, least);
  }
  return measures.map((measure) => {
    const adjustedP = adjusted.get(measure)!;
    return { ...measure, adjustedP, isSignificant: adjustedP <= falseAlarms };
  });
}

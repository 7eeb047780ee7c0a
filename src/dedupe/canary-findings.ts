import type { Canaries, CanaryFindings, PlantedCanary, ScoredCanary } from '../common/canaries.js';
import type { Share } from '../common/judgement.js';

/** The share of canaries that were never planted which are taken for such. */
const falsePositiveRate = 0.01;

/** Undefined where none were planted. */
export function findInCanaries(canaries: Canaries | undefined): CanaryFindings | undefined {
  if (canaries === undefined || canaries.planted.length === 0) return undefined;
  const { planted, references, passes } = canaries;
  const [exposure, known] = [exposures(planted, references), areKnown(planted, references)];
  const traced = traces(planted, references).map(isBeyond);
  const groups = [...new Set(planted.map(({ repeats }) => repeats))]
    .sort((a, b) => a - b)
    .map((repeats) => {
      const ofGroup = <T>(values: readonly T[]): T[] =>
        values.filter((_, index) => planted[index]!.repeats === repeats);
      const share = (values: readonly boolean[]): Share => {
        const own = ofGroup(values);
        return exactShare(own.filter(Boolean).length, own.length);
      };
      const own = ofGroup(exposure);
      return {
        repeats,
        total: own.length,
        known: share(known),
        exposure: median(own),
        traced: share(traced),
      };
    });
  return { passes, references: references.length, groups };
}

/**
 * Whether so many bits have a chance of at most 1% in a canary that was not planted. Powers of two are exact, logarithms are
 * not: a rank of 20 among 2,000 counts.
 */
export function isBeyond(bits: number): boolean {
  return bits >= -Math.log2(falsePositiveRate) - 1e-9;
}

/**
 * A share and its exact interval of 95% (Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case
 * of the binomial", 1934): where a share is near 0 that of Wilson is too short.
 */
export function exactShare(count: number, total: number): Share {
  /** The share at which a chance, which falls or rises with it, is 2.5%. */
  const where = (chance: (share: number) => number, isRising: boolean): number => {
    let [low, high] = [0, 1];
    for (let step = 0; step < 50; step++) {
      const middle = (low + high) / 2;
      if (chance(middle) < 0.025 === isRising) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
  return {
    count,
    share: total === 0 ? 0 : count / total,
    low: count === 0 ? 0 : where((share) => 1 - chanceBelow(count, total, share), true),
    high: count === total ? 1 : where((share) => chanceBelow(count + 1, total, share), false),
  };
}

/** The chance of fewer than `count` of `total`, each with the chance `share`, between 0 and 1. */
function chanceBelow(count: number, total: number, share: number): number {
  let [sum, logTerm] = [0, total * Math.log1p(-share)];
  const logOdds = Math.log(share) - Math.log1p(-share);
  for (let k = 0; k < count; k++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log((total - k) / (k + 1)) + logOdds;
  }
  return Math.min(1, sum);
}

/**
 * Which planted canaries are known by heart: once its first half is given, each token of the rest is likelier than all others
 * together, so that the model recites it ("extractable" in Carlini et al., "Quantifying Memorization Across Neural Language
 * Models", 2023). At most 1% of those that were not planted may seem known: where more do, the hardest token has to be easier
 * than in 99% of them as well.
 */
export function areKnown(planted: readonly PlantedCanary[], references: readonly ScoredCanary[]): boolean[] {
  const exposure = exposures(planted, references);
  return planted.map(({ hardest }, index) => hardest < Math.LN2 && isBeyond(exposure[index]!));
}

/**
 * How much better each planted canary is known than those that were not: its exposure (Carlini et al., "The Secret Sharer", 2019, definition 5),
 * log₂ of the number of texts less log₂ of its rank among them, in bits. The texts are itself and all references; the rank is
 * by the token of the second half that the model finds hardest, and ties count against it. One that was not planted has an
 * exposure of b bits or more with a chance of at most 2^−b, as it was drawn in the same way as the references.
 *
 * It grows long before a text is known by heart ({@link areKnown}).
 */
export function exposures(planted: readonly PlantedCanary[], references: readonly ScoredCanary[]): number[] {
  return ranksInBits(
    [...planted, ...references].map(({ hardest }) => hardest),
    planted.length,
  );
}

/**
 * The same of how much less the model's loss is than expected of the text: a test of membership, which finds much more than
 * what is known by heart. What is expected is foretold by the number of tokens and the losses under models that have not
 * seen the text: the unigram and the 3-gram model of the titles and, where it had learned before, the model that training began
 * with. A linear function of these is fitted to all texts, planted or not, by least squares. A loss says more of membership once
 * it is measured against that of other models (Watson et al., "On the Importance of Difficulty Calibration in
 * Membership Inference Attacks", 2022; Carlini et al., "Membership Inference Attacks From First Principles", 2022).
 */
export function traces(planted: readonly PlantedCanary[], references: readonly ScoredCanary[]): number[] {
  const all = [...planted, ...references];
  const withStart = all.every(({ start }) => start !== undefined);
  const rows = all.map(({ tokens, unigram, trigram, start }) => [
    1,
    tokens,
    unigram,
    trigram,
    ...(withStart ? [start!] : []),
  ]);
  return ranksInBits(
    residuals(
      rows,
      all.map(({ model }) => model),
    ),
    planted.length,
  );
}

/** Of the first `planted` of some numbers, log₂ of how many of the others and itself there are for one as small. */
function ranksInBits(values: readonly number[], planted: number): number[] {
  const others = values.slice(planted).sort((a, b) => a - b);
  return values
    .slice(0, planted)
    .map((value) => Math.log2(others.length + 1) - Math.log2(1 + countAtMost(others, value)));
}

/** How many of sorted numbers are at most `limit`. */
function countAtMost(sorted: readonly number[], limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What least squares leave of `values` once a linear function of the rows is taken off: by modified Gram-Schmidt, column
 * by column (Golub and Van Loan, "Matrix Computations", 5.2.8). Columns that others explain add nothing.
 */
function residuals(rows: readonly (readonly number[])[], values: readonly number[]): number[] {
  const basis: number[][] = [];
  const taken = (vector: readonly number[]): number[] =>
    basis.reduce<number[]>(
      (rest, unit) => {
        const along = dot(rest, unit);
        return rest.map((value, index) => value - along * unit[index]!);
      },
      [...vector],
    );
  for (let column = 0; column < (rows[0]?.length ?? 0); column++) {
    const vector = rows.map((row) => row[column]!);
    const rest = taken(vector);
    const length = Math.sqrt(dot(rest, rest));
    if (length <= 1e-9 * Math.sqrt(dot(vector, vector))) continue;
    basis.push(rest.map((value) => value / length));
  }
  return taken(values);
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * b[index]!, 0);

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

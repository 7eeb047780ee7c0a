import type { Estimate, Share, ShareDifference } from '../../common/judgement.js';

/** Standard deviations to each side of a normal variable's interval of 95%. */
export const intervalQuantile = 1.959963984540054;
/** The same for two-sided intervals and one-sided bounds of 95%. */
const quantiles = { interval: intervalQuantile, bound: 1.6448536269514722 };

/**
 * A share and its score interval (Wilson, "Probable inference, the law of succession, and statistical
 * inference", JASA 22, 1927). For no texts, the share is 0 and the interval is [0, 1].
 * @param kind `interval`: each side leaves out 2.5%, `bound`: 5%.
 */
export function wilsonShare(count: number, total: number, kind: keyof typeof quantiles = 'interval'): Share {
  if (total === 0) return { count, share: 0, low: 0, high: 1 };
  const quantile = quantiles[kind];
  const share = count / total;
  const squared = quantile ** 2;
  const centre = share + squared / (2 * total);
  const margin = quantile * Math.sqrt((share * (1 - share)) / total + squared / (4 * total ** 2));
  const scale = 1 + squared / total;
  return {
    count,
    share,
    low: count === 0 ? 0 : Math.max(0, (centre - margin) / scale),
    high: count === total ? 1 : Math.min(1, (centre + margin) / scale),
  };
}

/**
 * `a` minus `b`, with Newcombe's hybrid score interval ("Interval estimation for the difference between independent
 * proportions", Statistics in Medicine 17, 1998, method 10), of the kind that the two shares have.
 */
export function shareDifference(a: Share, b: Share): ShareDifference {
  const share = a.share - b.share;
  return {
    share,
    low: share - Math.hypot(a.share - a.low, b.high - b.share),
    high: share + Math.hypot(a.high - a.share, b.share - b.low),
  };
}

/**
 * Σ numerators / Σ denominators with its 95% interval, one pair a text, texts being a sample: the standard error of a ratio
 * (Cochran, Sampling Techniques, 1977, section 6.4). What is counted within a text need not be independent.
 * @param denominators as many as numerators, at least two, their sum above 0.
 */
export function ratioEstimate(numerators: readonly number[], denominators: readonly number[]): Estimate {
  const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
  const total = sum(denominators);
  const value = sum(numerators) / total;
  const n = numerators.length;
  const squares = numerators.reduce((all, one, i) => all + (one - value * denominators[i]!) ** 2, 0);
  const margin = (intervalQuantile * Math.sqrt((squares / (n - 1)) * n)) / total;
  return { value, low: value - margin, high: value + margin };
}

/**
 * The chance that a standard normal variable exceeds z, to seven digits: Abramowitz and Stegun, Handbook of Mathematical Functions,
 * 1964, formula 26.2.17 near 0, the continued fraction 26.2.14 beyond.
 */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 2.5) {
    const t = 1 / (1 + 0.2316419 * z);
    const factors = [1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.31938153];
    return density * factors.reduce((sum, factor) => (sum + factor) * t, 0);
  }
  let below = z;
  for (let k = 60; k > 0; k--) below = z + k / below;
  return density / below;
}

/** Counts of two groups: `count` of `total` texts have what is looked for. */
export interface Counted {
  readonly count: number;
  readonly total: number;
}

/** Natural logarithms of the factorials, as far as they were needed. */
const logFactorials: number[] = [0];

function logFactorial(n: number): number {
  for (let k = logFactorials.length; k <= n; k++) logFactorials.push(logFactorials[k - 1]! + Math.log(k));
  return logFactorials[n]!;
}

const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k);

/**
 * Fisher's exact test (The Design of Experiments, 1935, chapter 2) of whether the first group has a larger share.
 * @returns the one-sided p-value: the chance of as many in the first group or more, given how many both have.
 */
export function fisherGreater({ count, total }: Counted, other: Counted): number {
  const both = count + other.count;
  const all = logChoose(total + other.total, both);
  let p = 0;
  for (let first = count; first <= Math.min(both, total); first++) {
    if (both - first > other.total) continue;
    p += Math.exp(logChoose(total, first) + logChoose(other.total, both - first) - all);
  }
  return Math.min(1, p);
}

/** The fewest of `total` that {@link fisherGreater} calls more than the other group has; undefined if even all are not. */
export function fewestSignificant(total: number, other: Counted, level: number): number | undefined {
  if (fisherGreater({ count: total, total }, other) > level) return undefined;
  let [low, high] = [0, total];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fisherGreater({ count: middle, total }, other) <= level) high = middle;
    else low = middle + 1;
  }
  return high;
}

/** The chance of exactly `count` of `total`, each with the same chance `share`. */
function binomial(count: number, total: number, share: number): number {
  if (share <= 0) return count === 0 ? 1 : 0;
  if (share >= 1) return count === total ? 1 : 0;
  return Math.exp(logChoose(total, count) + count * Math.log(share) + (total - count) * Math.log1p(-share));
}

function binomialAtLeast(count: number, total: number, share: number): number {
  let below = 0;
  for (let k = 0; k < count; k++) below += binomial(k, total, share);
  return Math.max(0, 1 - below);
}

/**
 * The excess over the other group's share that {@link fisherGreater} would find with a chance of `power`, were the other
 * group's share the one observed. The other group's count varies by chance too.
 * @returns from 0 to 1, to a tenth of a point; undefined if no excess would be found.
 */
export function detectableExcess(
  total: number,
  other: Counted,
  { level, power }: { readonly level: number; readonly power: number },
): number | undefined {
  const usual = other.total === 0 ? 0 : other.count / other.total;
  const spread = 5 * Math.sqrt(other.total * Math.max(usual * (1 - usual), 1 / Math.max(1, other.total)));
  const around = other.total * usual;
  const needed: { readonly chance: number; readonly count: number | undefined }[] = [];
  for (
    let count = Math.max(0, Math.floor(around - spread));
    count <= Math.min(other.total, Math.ceil(around + spread));
    count++
  ) {
    const chance = binomial(count, other.total, usual);
    if (chance < 1e-6) continue;
    needed.push({ chance, count: fewestSignificant(total, { count, total: other.total }, level) });
  }
  const powerAt = (share: number): number =>
    needed.reduce(
      (sum, { chance, count }) =>
        sum + (count === undefined ? 0 : chance * binomialAtLeast(count, total, share)),
      0,
    );
  if (powerAt(1) < power) return undefined;
  let [low, high] = [0, Math.ceil(1000 * (1 - usual))];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (powerAt(Math.min(1, usual + middle / 1000)) >= power) high = middle;
    else low = middle + 1;
  }
  return high / 1000;
}

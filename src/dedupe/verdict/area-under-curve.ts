import type { Estimate } from '../../common/judgement.js';
import { intervalQuantile } from './proportions.js';

/**
 * The chance that a value of the second group exceeds one of the first, ties counted half: the area under the ROC curve, with
 * the interval of DeLong, DeLong and Clarke-Pearson ("Comparing the Areas under Two or More Correlated Receiver Operating
 * Characteristic Curves", Biometrics 44, 1988) in the form of Sun and Xu (IEEE Signal Processing Letters 21, 2014).
 * @param lower, higher at least two values each.
 * @returns from 0 to 1; 0.5: the groups cannot be told apart.
 */
export function areaUnderCurve(lower: readonly number[], higher: readonly number[]): Estimate {
  const [m, n] = [higher.length, lower.length];
  const all = midRanks([...higher, ...lower]);
  const own = [midRanks(higher), midRanks(lower)] as const;
  const ofHigher = Array.from({ length: m }, (_, i) => (all[i]! - own[0][i]!) / n);
  const ofLower = Array.from({ length: n }, (_, i) => 1 - (all[m + i]! - own[1][i]!) / m);
  const value = mean(ofHigher);
  const margin = intervalQuantile * Math.sqrt(variance(ofHigher) / m + variance(ofLower) / n);
  return { value, low: Math.max(0, value - margin), high: Math.min(1, value + margin) };
}

/** The rank of each value among all, from 1; equal ones share the mean of theirs. */
function midRanks(values: readonly number[]): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let first = 0; first < order.length; ) {
    let end = first + 1;
    while (end < order.length && values[order[end]!] === values[order[first]!]) end++;
    for (let place = first; place < end; place++) ranks[order[place]!] = (first + 1 + end) / 2;
    first = end;
  }
  return ranks;
}

const mean = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0) / values.length;

function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((total, value) => total + (value - centre) ** 2, 0) / (values.length - 1);
}

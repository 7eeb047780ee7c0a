import { plainDistribution } from '../../../bench/shared/plain-sampler.js';
import type { Random } from '../../../src/common/random.js';
import type { SamplingOptions } from '../../../src/model/generation/generation-options.js';
import type { TokenHistory } from '../../../src/model/generation/logit-changes.js';
import { createSampler } from '../../../src/model/generation/sampler.js';
import type { Scores } from '../../../src/model/transformer/decode-scores.js';

/**
 * Pearson's chi-square statistic of counts against probabilities ("On the criterion…", 1900), and its 1 - 10^-6
 * quantile by Wilson and Hilferty's approximation ("The distribution of chi-square", 1931). Impossible outcomes that
 * came up make the statistic infinite.
 */
export function chiSquare(counts: readonly number[], probabilities: readonly number[]) {
  const draws = counts.reduce((sum, count) => sum + count, 0);
  let statistic = 0;
  let possible = 0;
  for (const [outcome, probability] of probabilities.entries()) {
    const expected = probability * draws;
    const difference = counts[outcome]! - expected;
    if (expected > 0) possible++;
    if (difference !== 0) statistic += difference ** 2 / expected;
  }
  const freedom = Math.max(1, possible - 1);
  const normalQuantile = 4.753424;
  const spread = 2 / (9 * freedom);
  return { statistic, limit: freedom * (1 - spread + normalQuantile * Math.sqrt(spread)) ** 3 };
}

/** Outcomes are taken together, in order, until each cell is expected so often (Cochran, 1954). */
const leastExpected = 5;

/** {@link chiSquare} of tokens that a sampler draws, against the plain sort's probabilities, rare tokens taken together. */
export function drawChiSquare(
  scores: Scores,
  options: SamplingOptions,
  history: TokenHistory,
  random: Random,
  draws: number,
): { readonly statistic: number; readonly limit: number; readonly cells: number } {
  const size = scores.probabilities.length;
  const sample = createSampler(options, size);
  const drawn = new Int32Array(size);
  for (let draw = 0; draw < draws; draw++) drawn[sample(scores, random, history)]!++;
  const kept = plainDistribution(scores, options, history);
  const total = kept.reduce((sum, { weight }) => sum + weight, 0);
  const counts: number[] = [];
  const probabilities: number[] = [];
  let [count, probability, within] = [0, 0, 0];
  for (const { token, weight } of kept) {
    count += drawn[token]!;
    within += drawn[token]!;
    probability += weight / total;
    if (probability * draws < leastExpected) continue;
    counts.push(count);
    probabilities.push(probability);
    [count, probability] = [0, 0];
  }
  if (counts.length > 0) {
    counts[counts.length - 1]! += count;
    probabilities[probabilities.length - 1]! += probability;
  }
  // What cannot be drawn is a cell of its own.
  counts.push(draws - within);
  probabilities.push(0);
  return { ...chiSquare(counts, probabilities), cells: counts.length - 1 };
}

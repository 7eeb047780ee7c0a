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

import { createRandom, shuffle } from '../../src/common/random.js';

/**
 * GPT-2's tokens in 39,890 real titles of 40 subreddits: the deciles, and instead of the longest the 99th percentile.
 * Between two of them lengths are taken as equally likely.
 */
const quantiles = [1, 7, 10, 12, 14, 17, 19, 23, 28, 37, 62];

/** As many lengths as asked for, of that distribution, always the same ones. */
export function titleLengths(count: number): number[] {
  const lengths = Array.from({ length: count }, (_, index) => {
    const place = ((index + 0.5) / count) * (quantiles.length - 1);
    const [low, high] = [quantiles[Math.floor(place)]!, quantiles[Math.ceil(place)]!];
    return Math.max(1, Math.round(low + (place % 1) * (high - low)));
  });
  return shuffle(lengths, createRandom(1, 'lengths'));
}

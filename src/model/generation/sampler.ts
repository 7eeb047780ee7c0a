import { TitlesmithError } from '../../common/errors.js';
import type { Random } from '../../common/random.js';
import type { SamplingOptions } from './options.js';
import { findThreshold, type Threshold } from './threshold.js';

/** Draws one token id. `logits` is [V] and is left as it is; at most one number is taken from `random`. */
export type SampleToken = (logits: Float32Array, random: Random) => number;

/**
 * Makes a sampler with its working memory: temperature, then top-k ("Hierarchical Neural Story Generation", Fan et
 * al. 2018, 5.1), then top-p over what is left ("The Curious Case of Neural Text Degeneration", Holtzman et al. 2020,
 * 3.1). Of equally likely tokens the lower ids are kept first, so that top-k 1 is the greedy choice.
 *
 * Tokens are walked in the order of their ids, never of their likelihood: rounding errors of the engine then move
 * the limits between tokens by as little, instead of exchanging two tokens.
 * @param vocabularySize V, the length of the logits to come.
 * @throws TitlesmithError from the sampler when logits hold NaN or +Infinity, or are all -Infinity.
 */
export function createSampler(options: SamplingOptions, vocabularySize: number): SampleToken {
  const { temperature, topK, topP } = options;
  if (temperature === 0) return likeliest;
  const weights = new Float32Array(vocabularySize);
  const scratch = new Float32Array(vocabularySize);
  return (logits, random) => {
    const highest = logits[likeliest(logits)]!;
    weights.set(logits);
    if (topK > 0 && topK < vocabularySize) {
      scratch.set(weights);
      keepLargest(weights, findThreshold(scratch, 'count', topK), Number.NEGATIVE_INFINITY);
    }
    let total = 0;
    for (let token = 0; token < vocabularySize; token++) {
      weights[token] = Math.exp((weights[token]! - highest) / temperature);
      total += weights[token]!;
    }
    if (topP > 0 && topP < 1) {
      scratch.set(weights);
      total = keepLargest(weights, findThreshold(scratch, 'mass', topP * total), 0);
    }
    return drawByWeight(weights, random.uniform() * total);
  };
}

/** The first id of the highest logit. @throws TitlesmithError where the logits are no distribution. */
function likeliest(logits: Float32Array): number {
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token]!;
    if (logit > highest) [best, highest] = [token, logit];
    else if (Number.isNaN(logit)) highest = Number.POSITIVE_INFINITY;
  }
  if (Number.isFinite(highest)) return best;
  throw new TitlesmithError('The model gives no probabilities: its outputs are not finite numbers.', {
    code: 'logits-not-finite',
    hint: 'Its weights are broken, or its training diverged: train again with a lower --learning-rate.',
  });
}

/** Replaces all values that a threshold excludes. @returns the sum of the others. */
function keepLargest(values: Float32Array, { value, ties }: Threshold, replacement: number): number {
  let sum = 0;
  let free = ties;
  for (let token = 0; token < values.length; token++) {
    const own = values[token]!;
    if (own > value || (own === value && free-- > 0)) sum += own;
    else values[token] = replacement;
  }
  return sum;
}

/** The first id at which the sum of the weights so far exceeds `point`, which lies below their total. */
function drawByWeight(weights: Float32Array, point: number): number {
  let sum = 0;
  let token = -1;
  while (sum <= point) sum += weights[++token]!;
  return token;
}

import { TitlesmithError } from '../../common/errors.js';
import type { Random } from '../../common/random.js';
import { exponentials } from './exponentials.js';
import type { SamplingOptions } from './options.js';
import { type Threshold, topCount, topShare } from './threshold.js';

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
export function createSampler(
  { temperature, topK, topP }: SamplingOptions,
  vocabularySize: number,
): SampleToken {
  if (temperature === 0) return likeliest;
  const fewer = topK > 0 && topK < vocabularySize;
  const candidates = Int32Array.from({ length: fewer ? topK : vocabularySize }, (_, index) => index);
  const values = new Float32Array(candidates.length);
  const weights = new Float32Array(candidates.length);
  const scratch = new Float32Array(vocabularySize);
  return (logits, random) => {
    const highest = logits[likeliest(logits)]!;
    if (fewer) collect(logits, topCount(logits, topK, scratch), candidates, values);
    else values.set(logits);
    let total = exponentials(values, highest, temperature, weights);
    if (topP > 0 && topP < 1) total = restrict(weights, topShare(weights, total, topP, scratch));
    return candidates[indexByWeight(weights, random.uniform() * total)]!;
  };
}

/** The first id of the highest logit. @throws TitlesmithError where the logits are no distribution. */
function likeliest(logits: Float32Array): number {
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token]!;
    if (logit > highest) {
      best = token;
      highest = logit;
    } else if (Number.isNaN(logit)) {
      highest = Number.POSITIVE_INFINITY;
    }
  }
  if (Number.isFinite(highest)) return best;
  throw new TitlesmithError('The model gives no probabilities: its outputs are not finite numbers.', {
    code: 'logits-not-finite',
    hint: 'Its weights are broken, or its training diverged: train again with a lower --learning-rate.',
  });
}

/** Writes the ids and logits that a threshold keeps, in the order of the ids. */
function collect(
  logits: Float32Array,
  { value, ties }: Threshold,
  candidates: Int32Array,
  values: Float32Array,
): void {
  let count = 0;
  let free = ties;
  for (let token = 0; token < logits.length; token++) {
    const own = logits[token]!;
    if (own < value || (own === value && free-- <= 0)) continue;
    candidates[count] = token;
    values[count++] = own;
  }
}

/** Sets the weights that a threshold excludes to 0. @returns the sum of the others. */
function restrict(weights: Float32Array, { value, ties }: Threshold): number {
  let sum = 0;
  let free = ties;
  for (let index = 0; index < weights.length; index++) {
    const own = weights[index]!;
    if (own < value || (own === value && free-- <= 0)) weights[index] = 0;
    else sum += own;
  }
  return sum;
}

/** The first index at which the sum of the weights so far exceeds `point`, which lies below their total. */
function indexByWeight(weights: Float32Array, point: number): number {
  let sum = 0;
  let index = -1;
  while (sum <= point) sum += weights[++index]!;
  return index;
}

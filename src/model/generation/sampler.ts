import { TitlesmithError } from '../../common/errors.js';
import type { Random } from '../../common/random.js';
import type { Scores } from '../transformer/decode-session.js';
import type { SamplingOptions } from './options.js';
import { type Threshold, topCount, topShare } from './threshold.js';

/**
 * Draws one token id from one row of scores, whose probabilities hold the temperature already. The scores are left
 * as they are; at most one number is taken from `random`.
 */
export type SampleToken = (scores: Scores, random: Random) => number;

/**
 * Makes a sampler with its working memory: top-k ("Hierarchical Neural Story Generation", Fan et al. 2018, 5.1), then
 * top-p over what is left ("The Curious Case of Neural Text Degeneration", Holtzman et al. 2020, 3.1). Of equally
 * likely tokens the lower ids are kept first. At temperature 0 the first of the likeliest tokens is taken.
 *
 * Tokens are walked in the order of their ids, never of their likelihood: rounding errors of the engine then move
 * the limits between tokens by as little, instead of exchanging two tokens.
 * @param vocabularySize V, the length of the rows to come.
 * @throws TitlesmithError from the sampler when the scores are no distribution: not finite, or all -Infinity.
 */
export function createSampler(
  { temperature, topK, topP }: SamplingOptions,
  vocabularySize: number,
): SampleToken {
  if (temperature === 0) return ({ logits }) => likeliest(logits);
  const fewer = topK > 0 && topK < vocabularySize;
  const nucleus = topP > 0 && topP < 1;
  if (!fewer && !nucleus) return ({ probabilities }, random) => draw(probabilities, random.uniform());
  const candidates = Int32Array.from({ length: fewer ? topK : vocabularySize }, (_, index) => index);
  const weights = new Float32Array(candidates.length);
  const scratch = new Float32Array(vocabularySize);
  return ({ probabilities }, random) => {
    if (Number.isNaN(probabilities[0]!)) throw notFinite();
    if (fewer) collect(probabilities, topCount(probabilities, topK, scratch), candidates, weights);
    else weights.set(probabilities);
    let total = sumOf(weights);
    if (nucleus) total = restrict(weights, topShare(weights, total, topP, scratch));
    return candidates[draw(weights, random.uniform() * total)]!;
  };
}

/** The first id of the highest logit. */
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
  throw notFinite();
}

function notFinite(): TitlesmithError {
  return new TitlesmithError('The model gives no probabilities: its outputs are not finite numbers.', {
    code: 'logits-not-finite',
    hint: 'Its weights are broken, or its training diverged: train again with a lower --learning-rate.',
  });
}

function sumOf(weights: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < weights.length; index++) sum += weights[index]!;
  return sum;
}

/** Writes the ids and weights that a threshold keeps, in the order of the ids. */
function collect(
  probabilities: Float32Array,
  { value, ties }: Threshold,
  candidates: Int32Array,
  weights: Float32Array,
): void {
  let count = 0;
  let free = ties;
  for (let token = 0; token < probabilities.length; token++) {
    const own = probabilities[token]!;
    if (own < value || (own === value && free-- <= 0)) continue;
    candidates[count] = token;
    weights[count++] = own;
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

/**
 * The first index at which the sum of the weights so far exceeds `point`; the last of some weight where rounding keeps
 * their total below it (a softmax adds up to 1 to about 1e-6). Inverse transform sampling (Devroye, "Non-Uniform Random
 * Variate Generation", 1986, section III.2.1).
 */
function draw(weights: Float32Array, point: number): number {
  let sum = 0;
  let start = 0;
  // Groups are added up as a tree: one after the other, every addition would wait for the one before.
  for (; start + groupSize <= weights.length; start += groupSize) {
    const next = sum + groupSum(weights, start);
    if (next > point) break;
    sum = next;
  }
  for (let index = start; index < weights.length; index++) {
    sum += weights[index]!;
    if (sum > point) return index;
  }
  const last = weights.findLastIndex((weight) => weight > 0);
  if (last < 0 || Number.isNaN(sum)) throw notFinite();
  return last;
}

const groupSize = 8;

function groupSum(weights: Float32Array, start: number): number {
  return (
    weights[start]! +
    weights[start + 1]! +
    (weights[start + 2]! + weights[start + 3]!) +
    (weights[start + 4]! + weights[start + 5]! + (weights[start + 6]! + weights[start + 7]!))
  );
}

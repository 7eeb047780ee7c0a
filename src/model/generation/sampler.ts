import { TitlesmithError } from '../../common/errors.js';
import type { Random } from '../../common/random.js';
import type { Scores } from '../transformer/decode-scores.js';
import { hostSamplingOptions, type SamplingOptions } from './generation-options.js';
import { LogitChanges, noHistory, type TokenHistory } from './logit-changes.js';
import { RowSampler } from './row-sampler.js';

/**
 * Draws one token id from one row of scores, whose probabilities already include the temperature. Does not modify the
 * scores; takes at most one number from `random`.
 * @param history default: no tokens.
 */
export type SampleToken = (scores: Scores, random: Random, history?: TokenHistory) => number;

/**
 * Creates a sampler with its own buffers, in Hugging Face's order: logit bias, repetition penalty, presence and frequency
 * penalties; then top-k ("Hierarchical Neural Story Generation", Fan et al. 2018, 5.1), top-p over the rest ("The Curious
 * Case of Neural Text Degeneration", Holtzman et al. 2020, 3.1), min-p over that ("Turning Up the Heat", Nguyen et al.
 * 2024, arXiv 2407.01082, section 3) and typical sampling over that ("Locally Typical Sampling", Meister et al. 2023, 3.2).
 * Of tokens that top-k and top-p find equally likely the lower ids are kept first; min-p and typical sampling keep all. At
 * temperature 0 it takes the likeliest token, the first of several.
 *
 * Cumulative sums go in order of token id, never of probability: rounding errors of the engine then shift the
 * boundaries between tokens slightly, instead of swapping two tokens.
 * @param vocabularySize V, the length of a row of scores.
 * @throws TitlesmithError from the sampler if the scores are not a distribution: not finite, or all -Infinity.
 */
export function createSampler(options: SamplingOptions, vocabularySize: number): SampleToken {
  const { temperature, topK, topP } = options;
  if (temperature === 0) {
    const changes = LogitChanges.of(options, vocabularySize);
    return ({ logits }, _, history = noHistory) =>
      checked(changes ? changes.likeliest(logits, history) : argmax(logits));
  }
  const isRestricted = (topK > 0 && topK < vocabularySize) || (topP > 0 && topP < 1);
  if (!isRestricted && hostSamplingOptions(options).length === 0)
    return ({ probabilities }, random) => checked(draw(probabilities, random.uniform()));
  const sampler = new RowSampler(options, vocabularySize);
  return (scores, random, history = noHistory) => checked(sampler.sample(scores, random, history));
}

/** @throws TitlesmithError if an id is −1. */
function checked(id: number): number {
  if (id < 0) throw notFinite();
  return id;
}

/** The id of the highest logit, the first of several; −1 if that is not finite. */
function argmax(logits: Float32Array): number {
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
  return Number.isFinite(highest) ? best : -1;
}

/** The error where logits are not finite. */
export function notFinite(): TitlesmithError {
  return new TitlesmithError('The model gives no probabilities: its outputs are not finite numbers.', {
    code: 'logits-not-finite',
    hint: 'Its weights are broken, or its training diverged: train again with a lower --learning-rate.',
  });
}

/**
 * The first index at which the sum of the weights so far exceeds `point`; the last of some weight where rounding keeps
 * their total below it (a softmax adds up to 1 to about 1e-6). Inverse transform sampling (Devroye, "Non-Uniform Random
 * Variate Generation", 1986, section III.2.1); −1 if there is none, or one is not a number.
 */
function draw(weights: Float32Array, point: number): number {
  let sum = 0;
  let start = 0;
  // Groups are summed as a tree: in sequence, every addition would wait for the one before it.
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
  return Number.isNaN(sum) ? -1 : last;
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

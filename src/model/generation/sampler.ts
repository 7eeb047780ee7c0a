import { TitlesmithError } from '../../common/errors.js';
import type { Random } from '../../common/random.js';
import type { Scores } from '../transformer/decode-scores.js';
import { hostSamplingOptions, type SamplingOptions } from './generation-options.js';
import { plainDistribution } from './plain-sampler.js';

/** The tokens of a text so far. */
export interface TokenHistory {
  /** What the model read first, the start token included. */
  readonly prompt: Int32Array;
  /** In order, with repetitions. */
  readonly generated: Int32Array;
}

const noHistory: TokenHistory = { prompt: new Int32Array(), generated: new Int32Array() };

/**
 * Draws one token id from one row of scores, whose probabilities already include the temperature. Does not modify the
 * scores; takes at most one number from `random`.
 */
export type SampleToken = (scores: Scores, random: Random, history?: TokenHistory) => number;

/**
 * Creates a sampler with its own buffers: top-k ("Hierarchical Neural Story Generation", Fan et al. 2018, 5.1), then
 * top-p over the rest ("The Curious Case of Neural Text Degeneration", Holtzman et al. 2020, 3.1). Of equally likely
 * tokens the lower ids are kept first. At temperature 0 it takes the likeliest token, the first of several.
 *
 * Cumulative sums go in order of token id, never of probability: rounding errors of the engine then shift the
 * boundaries between tokens slightly, instead of swapping two tokens.
 * @param vocabularySize V, the length of a row of scores.
 * @throws TitlesmithError from the sampler if the scores are not a distribution: not finite, or all -Infinity.
 */
export function createSampler(options: SamplingOptions, vocabularySize: number): SampleToken {
  const { temperature, topK, topP } = options;
  if (hostSamplingOptions(options).length > 0) return plainSampler(options);
  if (temperature === 0) return ({ logits }) => argmax(logits);
  const usesTopK = topK > 0 && topK < vocabularySize;
  const usesTopP = topP > 0 && topP < 1;
  if (!usesTopK && !usesTopP) return ({ probabilities }, random) => draw(probabilities, random.uniform());
  const candidates = Int32Array.from({ length: usesTopK ? topK : vocabularySize }, (_, index) => index);
  const weights = new Float32Array(candidates.length);
  const scratch = new Float32Array(vocabularySize);
  return ({ probabilities }, random) => {
    if (Number.isNaN(probabilities[0]!)) throw notFinite();
    if (usesTopK) gatherKept(probabilities, topKCutoff(probabilities, topK, scratch), candidates, weights);
    else weights.set(probabilities);
    let total = sumOf(weights);
    if (usesTopP) total = zeroBelow(weights, topPCutoff(weights, total, topP, scratch));
    return candidates[draw(weights, random.uniform() * total)]!;
  };
}

function plainSampler(options: SamplingOptions): SampleToken {
  return (scores, random, history = noHistory) => {
    const greedy = options.temperature === 0;
    const kept = plainDistribution(scores, greedy ? { ...options, topK: 1 } : options, history);
    const total = kept.reduce((sum, { weight }) => sum + weight, 0);
    if (!Number.isFinite(total) || total === 0) throw notFinite();
    const point = greedy ? 0 : random.uniform() * total;
    let sum = 0;
    for (const { token, weight } of kept) {
      sum += weight;
      if (sum > point) return token;
    }
    return kept.at(-1)!.token;
  };
}

/** The id of the highest logit, the first of several. */
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
  if (Number.isFinite(highest)) return best;
  throw notFinite();
}

/** The error where logits are not finite. */
export function notFinite(): TitlesmithError {
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

/** Writes the ids and weights that a cutoff keeps, in order of id. */
function gatherKept(
  probabilities: Float32Array,
  { value, ties }: Cutoff,
  candidates: Int32Array,
  weights: Float32Array,
): void {
  let count = 0;
  let tiesLeft = ties;
  for (let token = 0; token < probabilities.length; token++) {
    const probability = probabilities[token]!;
    if (probability < value || (probability === value && tiesLeft-- <= 0)) continue;
    candidates[count] = token;
    weights[count++] = probability;
  }
}

/** Sets the weights that a cutoff excludes to 0. @returns the sum of the others. */
function zeroBelow(weights: Float32Array, { value, ties }: Cutoff): number {
  let sum = 0;
  let tiesLeft = ties;
  for (let index = 0; index < weights.length; index++) {
    const weight = weights[index]!;
    if (weight < value || (weight === value && tiesLeft-- <= 0)) weights[index] = 0;
    else sum += weight;
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

/** Selects the largest values: all above `value`, and the first `ties` of those equal to it. */
export interface Cutoff {
  readonly value: number;
  readonly ties: number;
}

/** Length of the blocks of which {@link topKCutoff} first considers only the maximum. */
const blockLength = 16;

/**
 * The cutoff that keeps the k largest values. Most are ruled out by a lower bound, the k-th largest block maximum,
 * which at least k values reach.
 * @param values [n], not NaN.
 * @param k from 1 to n.
 * @param scratch at least n long; overwritten.
 */
export function topKCutoff(values: Float32Array, k: number, scratch: Float32Array): Cutoff {
  const blocks = Math.ceil(values.length / blockLength);
  let bound = Number.NEGATIVE_INFINITY;
  if (k <= blocks) {
    for (let block = 0; block < blocks; block++) {
      const end = Math.min((block + 1) * blockLength, values.length);
      let maximum = Number.NEGATIVE_INFINITY;
      for (let index = block * blockLength; index < end; index++) {
        if (values[index]! > maximum) maximum = values[index]!;
      }
      scratch[block] = maximum;
    }
    bound = findCutoff(scratch.subarray(0, blocks), 'count', k).value;
  }
  return findCutoff(valuesFrom(bound, values, scratch), 'count', k);
}

/**
 * The cutoff that keeps the fewest largest weights that together reach the share `topP` of their sum; all of them if
 * rounding keeps them below it. Weights below (1 − topP) · total / n are ruled out first: even n of them would not
 * make up the share that is left out.
 * @param weights [n], not negative, not NaN, some above 0.
 * @param total their sum.
 * @param topP above 0 and below 1.
 * @param scratch at least n long; overwritten.
 */
export function topPCutoff(
  weights: Float32Array,
  total: number,
  topP: number,
  scratch: Float32Array,
): Cutoff {
  const bound = ((1 - topP) * total) / weights.length;
  return findCutoff(valuesFrom(bound, weights, scratch), 'mass', topP * total);
}

/** Copies the values that reach a bound. @returns the part of `scratch` that holds them. */
function valuesFrom(bound: number, values: Float32Array, scratch: Float32Array): Float32Array {
  let length = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (value >= bound) scratch[length++] = value;
  }
  return scratch.subarray(0, length);
}

/**
 * Finds the fewest largest values that together reach `target`, each counted as 1 (`count`) or as itself (`mass`);
 * all of them if they fall short. Hoare's FIND ("Algorithm 65", 1961) with a three-way partition: linear time on
 * average, nothing is sorted.
 * @param values not empty; rearranged.
 * @param target above 0.
 */
function findCutoff(values: Float32Array, measure: 'count' | 'mass', target: number): Cutoff {
  let [low, high] = [0, values.length];
  let remaining = target;
  for (;;) {
    const pivot = median(values[low]!, values[(low + high) >> 1]!, values[high - 1]!);
    let [greaterEnd, equalEnd, lessStart] = [low, low, high];
    let greater = 0;
    while (equalEnd < lessStart) {
      const value = values[equalEnd]!;
      if (value > pivot) {
        greater += measure === 'count' ? 1 : value;
        values[equalEnd++] = values[greaterEnd]!;
        values[greaterEnd++] = value;
      } else if (value < pivot) {
        values[equalEnd] = values[--lessStart]!;
        values[lessStart] = value;
      } else {
        equalEnd++;
      }
    }
    if (greater >= remaining && greaterEnd > low) {
      high = greaterEnd;
      continue;
    }
    const each = measure === 'count' ? 1 : pivot;
    const equal = equalEnd - greaterEnd;
    if (greater + equal * each >= remaining || equalEnd === high) {
      return { value: pivot, ties: Math.min(equal, Math.ceil((remaining - greater) / each)) };
    }
    remaining -= greater + equal * each;
    low = equalEnd;
  }
}

/** The middle one of three numbers. */
function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

import type { Scores } from '../transformer/decode-scores.js';
import type { DecodeSession } from '../transformer/decode-session.js';

/** What the model itself thought of a token, and of those it found likelier or as likely. */
export interface TokenScore {
  readonly token: number;
  /** ln p of the token, given those before it: the model's own, before temperature and every other rule of sampling. */
  readonly logProbability: number;
  /** The likeliest tokens, the likeliest first; of equal ones the lower id first. */
  readonly top: readonly TokenAlternative[];
  /** How much greater ln p of the token is for what was added to the logits; undefined where nothing was. */
  readonly gain?: number;
}

interface TokenAlternative {
  readonly token: number;
  readonly logProbability: number;
}

/**
 * The score of a token.
 * @param scores one row, [V], of logits that were divided by the temperature unless it is 0, and their softmax.
 * @param alternatives how many of the likeliest tokens to name.
 * @param addedLogits what was added to each of the logits, [V], before they were divided.
 */
export function scoreToken(
  scores: Scores,
  temperature: number,
  token: number,
  alternatives: number,
  addedLogits?: Float32Array,
): TokenScore {
  const { logits } = scores;
  const scale = temperature === 0 ? 1 : temperature;
  const normalizer = logNormalizer(scores, scale);
  const logProbability = (id: number): number => Math.min(0, scale * logits[id]! - normalizer);
  const best = alternatives === 0 ? [] : likeliest(logits, alternatives);
  const top = best.map((id) => ({ token: id, logProbability: logProbability(id) }));
  const score = { token, logProbability: logProbability(token), top };
  if (addedLogits === undefined) return score;
  const before = logits.map((logit, id) => scale * logit - addedLogits[id]!);
  return { ...score, gain: score.logProbability - (before[token]! - logSumOfExponentials(before, 1)) };
}

/**
 * −ln p of the token after each of a text's, in nats: [tokens], in the session's precision.
 * @param inputs tokens, at most as many as the session's capacity.
 * @param targets the token after each.
 */
export async function tokenLosses(
  session: DecodeSession,
  inputs: Int32Array,
  targets: Int32Array,
): Promise<Float32Array> {
  const losses = new Float32Array(targets.length);
  let position = 0;
  await session.prefill(inputs, 1, (scores) => {
    losses[position] = -scoreToken(scores, 1, targets[position]!, 0).logProbability;
    position += 1;
  });
  return losses;
}

/** ln Σ exp(scale · logit). Where the logits are undivided, their softmax has it already: ln p = logit − normalizer. */
function logNormalizer({ logits, probabilities }: Scores, scale: number): number {
  if (scale !== 1) return logSumOfExponentials(logits, scale);
  const best = placeOfHighest(logits);
  return logits[best]! - Math.log(probabilities[best]!);
}

/** ln Σ exp(scale · logit). */
function logSumOfExponentials(logits: Float32Array, scale: number): number {
  const highest = logits[placeOfHighest(logits)]!;
  return scale * highest + Math.log(sumOfExponentials(logits, scale, highest));
}

function placeOfHighest(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
  return best;
}

const stepsOfOne = 64;
/** exp(-i / 64), until what 50,000 of which are nothing beside 1 in float64. */
const exponentials = Float64Array.from({ length: 48 * stepsOfOne + 1 }, (_, step) =>
  Math.exp(-step / stepsOfOne),
);

/**
 * Σ exp(scale · (logit − highest)), to 1e-9 of it: each from the nearest exponential of a table and three terms of the series,
 * in a third of the time that Math.exp takes.
 */
function sumOfExponentials(logits: Float32Array, scale: number, highest: number): number {
  const last = exponentials.length - 1;
  let sum = 0;
  for (let id = 0; id < logits.length; id++) {
    const steps = scale * stepsOfOne * (highest - logits[id]!);
    if (!(steps < last)) continue;
    const nearest = (steps + 0.5) | 0;
    const rest = (nearest - steps) / stepsOfOne;
    sum += exponentials[nearest]! * (1 + rest * (1 + rest * (0.5 + rest / 6)));
  }
  return sum;
}

/** The ids of the highest logits, in order. @param count few: each logit is compared with the last of them. */
function likeliest(logits: Float32Array, count: number): number[] {
  const best: number[] = [];
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id]!;
    if (best.length === count && logit <= logits[best.at(-1)!]!) continue;
    const place = best.findIndex((other) => logit > logits[other]!);
    best.splice(place < 0 ? best.length : place, 0, id);
    if (best.length > count) best.pop();
  }
  return best;
}

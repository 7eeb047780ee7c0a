import type { SamplingOptions } from '../../src/model/generation/generation-options.js';
import type { TokenHistory } from '../../src/model/generation/logit-changes.js';

/** A token and its chance. */
interface Candidate {
  readonly token: number;
  readonly logit: number;
  weight: number;
}

/**
 * The distribution that sampling options ask for, by sorting, in double precision and Hugging Face's order.
 * @param logits [V], divided by the temperature, unless that is 0.
 * @param probabilities [V], their softmax; taken as weights where no logit is changed.
 * @returns tokens that can be drawn in order of id, with weights that need not add up to 1.
 */
export function plainDistribution(
  { logits, probabilities }: { readonly logits: Float32Array; readonly probabilities: Float32Array },
  options: SamplingOptions,
  history: TokenHistory,
): readonly Candidate[] {
  const { topK, topP, minP = 0, typicalP = 0 } = options;
  const changed = changedLogits(logits, options, history);
  const highest = changed.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const isChanged = changed.some((logit, token) => logit !== logits[token]);
  const weightOf = (token: number): number =>
    isChanged ? Math.exp(changed[token]! - highest) : probabilities[token]!;
  let kept: Candidate[] = Array.from(changed, (logit, token) => ({ token, logit, weight: weightOf(token) }));
  kept.sort((a, b) => b.weight - a.weight || a.token - b.token);
  if (topK > 0) kept = kept.slice(0, topK);
  if (topP > 0 && topP < 1) kept = fewest(kept, topP);
  if (minP > 0) kept = kept.filter(({ weight }) => weight >= minP * kept[0]!.weight);
  if (typicalP > 0 && typicalP < 1) kept = mostTypical(kept, typicalP);
  return kept.sort((a, b) => a.token - b.token);
}

/** Logit bias, then the repetition penalty, then presence and frequency penalties. */
function changedLogits(
  logits: Float32Array,
  options: SamplingOptions,
  { prompt, generated }: TokenHistory,
): Float64Array {
  const { temperature, logitBias = {} } = options;
  const { repetitionPenalty = 1, presencePenalty = 0, frequencyPenalty = 0 } = options;
  const scale = temperature === 0 ? 1 : 1 / temperature;
  const changed = Float64Array.from(logits);
  for (const [token, bias] of Object.entries(logitBias)) changed[Number(token)]! += bias * scale;
  for (const token of new Set([...prompt, ...generated])) {
    const logit = changed[token]!;
    changed[token] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
  }
  for (const token of new Set(generated)) changed[token]! -= presencePenalty * scale;
  for (const token of generated) changed[token]! -= frequencyPenalty * scale;
  return changed;
}

const sumOf = (kept: readonly Candidate[]): number => kept.reduce((sum, { weight }) => sum + weight, 0);

/** The first candidates that reach a share of all. */
function fewest(kept: Candidate[], share: number): Candidate[] {
  const target = share * sumOf(kept);
  let reached = 0;
  const end = kept.findIndex(({ weight }) => {
    reached += weight;
    return reached >= target;
  });
  return end < 0 ? kept : kept.slice(0, end + 1);
}

/** Those whose logits lie nearest to the expected one, all that are equally near included. */
function mostTypical(kept: readonly Candidate[], share: number): Candidate[] {
  const possible = kept.filter(({ weight }) => weight > 0);
  const expected = possible.reduce((sum, { weight, logit }) => sum + weight * logit, 0) / sumOf(possible);
  const distance = ({ logit }: Candidate): number =>
    Math.fround(Math.abs(Math.fround(logit) - Math.fround(expected)));
  const sorted = possible.toSorted((a, b) => distance(a) - distance(b));
  const last = fewest(sorted, share).at(-1);
  return last === undefined ? [] : sorted.filter((candidate) => distance(candidate) <= distance(last));
}

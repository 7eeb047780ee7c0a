import { createRandom } from '../../src/common/random.js';
import type { Scores } from '../../src/model/transformer/decode-scores.js';

/** Kinds of distributions over a vocabulary, from the flattest to the steepest; ids in random order. */
export const distributionNames = [
  'uniform',
  'nearly uniform',
  'normal logits',
  'Zipf 1.0',
  'Zipf 1.1',
  'Zipf 1.3',
] as const;

/** Scores of one row at temperature 1: float32 logits, and their softmax. */
export function scoresOfKind(name: (typeof distributionNames)[number], vocabularySize: number): Scores {
  const random = createRandom(3, name);
  const zipf = (exponent: number): Float64Array => {
    const logits = Float64Array.from({ length: vocabularySize }, (_, rank) => -exponent * Math.log(rank + 1));
    for (let index = vocabularySize - 1; index > 0; index--) {
      const other = Math.floor((index + 1) * random.uniform());
      [logits[index], logits[other]] = [logits[other]!, logits[index]!];
    }
    return logits;
  };
  const drawn = (draw: () => number): Float64Array => Float64Array.from({ length: vocabularySize }, draw);
  const kinds = {
    uniform: () => drawn(() => 0),
    'nearly uniform': () => drawn(() => 1e-2 * random.uniform()),
    'normal logits': () => drawn(() => 3 * random.normal()),
    'Zipf 1.0': () => zipf(1),
    'Zipf 1.1': () => zipf(1.1),
    'Zipf 1.3': () => zipf(1.3),
  };
  const logits = Float32Array.from(kinds[name]());
  const highest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - highest), 0);
  return { logits, probabilities: logits.map((logit) => Math.exp(logit - highest) / sum) };
}

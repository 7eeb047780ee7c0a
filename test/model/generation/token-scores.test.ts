import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { scoreToken } from '../../../src/model/generation/token-scores.js';
import { scoresOf } from './markov-model.js';

/** ln p in double precision, from logits as they are. */
function logProbabilities(logits: readonly number[]): number[] {
  const highest = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - highest), 0);
  return logits.map((logit) => logit - highest - Math.log(sum));
}

describe("a token's log probability is the model's own", () => {
  const random = createRandom(1, 'token scores');
  const rows = {
    equal: new Array<number>(3000).fill(0),
    usual: Array.from({ length: 3000 }, () => 4 * random.normal()),
    steep: Array.from({ length: 3000 }, () => 40 * random.normal()),
    impossible: Array.from({ length: 3000 }, (_, id) =>
      id % 3 === 0 ? random.normal() : Number.NEGATIVE_INFINITY,
    ),
  };

  test.each(Object.entries(rows))('of %s logits, whatever they were divided by', (_, logits) => {
    // As float32 has them.
    const own = Array.from(Float32Array.from(logits));
    const expected = logProbabilities(own);
    const order = [...own.keys()].sort((a, b) => own[b]! - own[a]! || a - b);
    for (const temperature of [0, 1, 0.7, 0.05, 3]) {
      const scores = scoresOf(own, temperature);
      for (const token of [order[0]!, order[1]!, order[500]!]) {
        const { logProbability, top } = scoreToken(scores, temperature, token, 3);
        const margin = 1e-6 * Math.max(1, Math.abs(own[order[0]!]!), Math.abs(expected[token]!));
        expect(Math.abs(logProbability - expected[token]!)).toBeLessThan(margin);
        expect(top.map((each) => each.token)).toEqual(order.slice(0, 3));
        expect(scoreToken(scores, temperature, token, 0)).toEqual({ token, logProbability, top: [] });
      }
    }
  });
});

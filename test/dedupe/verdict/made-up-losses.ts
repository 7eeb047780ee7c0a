import { createRandom } from '../../../src/common/random.js';
import type { TitleLosses } from '../../../src/common/title-losses.js';

/**
 * Losses of 80 held-out and 80 training titles.
 * @param gain nats by which the model is better than a baseline, on average; `known`: by which training titles are easier than held-out ones.
 */
export function madeUpLosses(gain: { trigram: number; start: number; known?: number }): TitleLosses {
  const random = createRandom(1, 'losses');
  const bytes = Array.from({ length: 80 }, () => 30 + random.integer(60));
  const model = bytes.map((count) => count * (0.8 + 0.1 * random.normal()));
  const above = (mean: number): number[] =>
    model.map((nats) => nats + (mean === 0 ? 0 : mean + random.normal()));
  const chosen = { of: 80, titles: [...bytes.keys()], tokens: bytes, bytes };
  const heldOut = {
    ...chosen,
    model,
    start: above(gain.start),
    unigram: above(20),
    trigram: above(gain.trigram),
  };
  const { known = 0 } = gain;
  const training = {
    ...chosen,
    model: model.map((nats) => nats - known),
    start: above(gain.start),
    unigram: above(20),
  };
  return {
    step: 10,
    start: 'pretrained',
    vocabularySize: 100,
    seed: 1,
    baselineTitles: 80,
    heldOut,
    training,
  };
}

import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { createTitleIndex } from '../../src/dedupe/comparison.js';
import { dedupe } from '../../src/dedupe/dedupe.js';
import { overfitStatistics } from '../../src/dedupe/verdict/statistics.js';
import { disguises, InventedLanguage } from './invented-titles.js';

const seeds = Array.from({ length: 8 }, (_, i) => i + 1);
const [outputCount, heldOutCount, trainCount] = [400, 300, 1500];

/** Titles of one made-up language, and the index of those a model would have learned. */
function corpus(seed: number) {
  const language = new InventedLanguage(seed);
  const train = language.titles(trainCount, createRandom(seed, 'train'));
  const heldOut = language.titles(heldOutCount, createRandom(seed, 'held out'));
  return { language, train, heldOut, index: createTitleIndex(train) };
}

const corpora = seeds.map(corpus);

/** Judges a model of which exactly `share` of the outputs are learned by heart, in all disguises in turn. */
async function judgeMixture(seed: number, share: number, ways = Object.keys(disguises)) {
  const { language, train, heldOut, index } = corpora[seed - 1]!;
  const random = createRandom(seed, 'outputs', share);
  const copies = Math.round(share * outputCount);
  const recited = Array.from({ length: copies }, (_, i) => disguises[ways[i % ways.length]!]!(train, random));
  const outputs = [...recited, ...language.titles(outputCount - copies, random)];
  const numbered = outputs.map((text, i) => ({ index: i, text }));
  const judgement = await dedupe(numbered, index, { heldOut, threshold: 'auto' });
  const { verdicts, heldOut: rated, membership } = judgement;
  return { ...judgement, ...overfitStatistics(verdicts, rated, { membership }), copies };
}

describe('a model with a known share of outputs learned by heart', () => {
  it.each([
    [0, ['healthy', 'unknown']],
    [0.05, ['leans', 'overfits']],
    [0.15, ['overfits']],
    [0.5, ['overfits']],
    [1, ['overfits']],
  ])('of %d is called so, whatever the seed', async (share, verdicts) => {
    const called = await Promise.all(seeds.map(async (seed) => (await judgeMixture(seed, share)).verdict));
    for (const verdict of called) expect(verdicts).toContain(verdict);
  });

  it('has that share inside the interval of the excess, for at least 9 seeds in 10', async () => {
    let [inside, all] = [0, 0];
    for (const share of [0.1, 0.5]) {
      for (const seed of seeds) {
        const { excess } = await judgeMixture(seed, share);
        all++;
        if (excess.low <= share && share <= excess.high) inside++;
      }
    }
    expect(inside / all).toBeGreaterThanOrEqual(0.9);
  });

  it.each([
    ['word for word', 'exact copy'],
    ['shouted', 'disguised copy'],
    ['one word changed', 'near copy'],
    ['two halves glued', 'glued copy'],
  ])('is caught %s', async (way, reason) => {
    for (const seed of seeds.slice(0, 4)) {
      const { verdicts, copies, verdict } = await judgeMixture(seed, 0.4, [way]);
      const named = verdicts.filter((found) => found.reason === reason).length;
      expect(verdict).toBe('overfits');
      expect(named).toBeGreaterThan(0.8 * copies);
      const refused = verdicts.slice(0, copies).filter((found) => found.reason !== undefined).length;
      expect(refused).toBeGreaterThan(0.9 * copies);
    }
  });

  it('is refused hardly more than 1% of what is new', async () => {
    let [refused, all] = [0, 0];
    for (const seed of seeds) {
      const { verdicts, rules } = await judgeMixture(seed, 0);
      expect(rules.threshold).toBeGreaterThanOrEqual(0.6);
      refused += verdicts.filter(({ reason }) => reason?.endsWith(' copy')).length;
      all += verdicts.length;
    }
    expect(refused / all).toBeLessThan(0.02);
  });
});

import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { blockTest, textWeights } from '../../../src/dedupe/verdict/block-test.js';

/** Texts that each give a weight of their own to every title, the heaviest first. */
function randomWeights(texts: number, titles: number, lift: (title: number) => number) {
  const random = createRandom(1, 'weights');
  const lists = Array.from({ length: texts }, () =>
    Array.from({ length: titles }, (_, title) => ({ title, weight: random.uniform() + lift(title) })).sort(
      (a, b) => b.weight - a.weight,
    ),
  );
  return { lists, weights: textWeights(lists, new Array<number>(texts).fill(0)) };
}

/** All ways to choose `count` of the numbers below `total`. */
function choices(total: number, count: number): number[][] {
  if (count === 0) return [[]];
  if (total < count) return [];
  return [...choices(total - 1, count), ...choices(total - 1, count - 1).map((rest) => [...rest, total - 1])];
}

describe('blockTest', () => {
  it('agrees with all choices of as many titles', () => {
    const { lists, weights } = randomWeights(6, 9, (title) => 0.1 * title);
    const isHeldOut = Uint8Array.from([0, 1, 0, 0, 1, 0, 1, 0, 0]);
    const sumOf = (chosen: readonly number[]): number =>
      lists.reduce((sum, list) => sum + list.find(({ title }) => chosen.includes(title))!.weight, 0);
    const sums = choices(9, 3).map(sumOf);
    const observed = sumOf([1, 4, 6]);
    const exact = sums.filter((sum) => sum <= observed + 1e-9).length / sums.length;
    const mean = sums.reduce((total, sum) => total + sum, 0) / sums.length;
    const found = blockTest(weights, isHeldOut, createRandom(2, 'draws'));
    expect(found.heldOut).toBeCloseTo(observed, 12);
    // Three standard errors of the draws that were made.
    expect(Math.abs(found.p - exact)).toBeLessThan(3 * Math.sqrt((exact * (1 - exact)) / found.draws) + 0.01);
    expect(Math.abs(found.mean - mean)).toBeLessThan((4 * found.deviation) / Math.sqrt(found.draws));
  });

  it('finds titles that the texts owe less to, and goes on drawing to be sure', () => {
    const { weights } = randomWeights(40, 60, (title) => (title < 15 ? 0 : 0.5));
    const isHeldOut = Uint8Array.from({ length: 60 }, (_, title) => (title < 15 ? 1 : 0));
    const { p, draws, heldOut, mean } = blockTest(weights, isHeldOut, createRandom(2, 'draws'));
    expect(heldOut).toBeLessThan(mean);
    expect(p).toBeLessThan(0.001);
    expect(draws).toBe(2999);
  });

  it('gives a p-value at most as often as it says where nothing is owed', () => {
    let alarms = 0;
    for (let run = 0; run < 400; run++) {
      const random = createRandom(run, 'null');
      const lists = Array.from({ length: 20 }, () =>
        Array.from({ length: 20 }, (_, title) => ({ title, weight: random.uniform() })).sort(
          (a, b) => b.weight - a.weight,
        ),
      );
      const isHeldOut = Uint8Array.from({ length: 20 }, (_, title) => (title < 5 ? 1 : 0));
      const weights = textWeights(lists, new Array<number>(20).fill(0));
      if (blockTest(weights, isHeldOut, random).p <= 0.05) alarms++;
    }
    // 20 are expected; 35 or more have a chance of 0.1% at most.
    expect(alarms).toBeLessThan(35);
  });

  it('takes the floor of a text none of whose titles is drawn', () => {
    const weights = textWeights([[{ title: 0, weight: 1 }]], [0.25]);
    expect(blockTest(weights, Uint8Array.from([0, 1, 0]), createRandom(1)).heldOut).toBe(0.25);
  });
});

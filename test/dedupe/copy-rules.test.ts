import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { compareTexts, createTitleIndex } from '../../src/dedupe/comparison.js';
import { findCopy } from '../../src/dedupe/copies.js';
import { chooseRules } from '../../src/dedupe/copy-rules.js';
import { InventedLanguage } from './invented-titles.js';

const language = new InventedLanguage(5);
const train = language.titles(800, createRandom(5, 'train'));
const unseen = language.titles(1000, createRandom(5, 'unseen'));
const index = createTitleIndex(train);

const compare = (texts: readonly string[]) => compareTexts(texts, index, 'Comparing');
/** Titles with one word of the training title at the same place changed: near 0.9. */
const nearCopies = (count: number) =>
  train
    .filter((title) => title.split(' ').length > 12)
    .slice(0, count)
    .map((title) => title.replace(/\w+\?$/, 'nobody?'));

describe('--similarity-threshold auto', () => {
  it('is the lowest at which at most 1 in 100 held-out titles would be refused', async () => {
    const heldOut = await compare([...unseen.slice(0, 980), ...nearCopies(20)]);
    const rules = chooseRules(heldOut, 'auto');
    const refusedAt = (threshold: number) =>
      heldOut.filter((title) => findCopy(title, { ...rules, threshold }, train)).length;
    expect(refusedAt(rules.threshold)).toBeLessThanOrEqual(10);
    expect(refusedAt(rules.threshold - 0.01)).toBeGreaterThan(10);
    expect(rules.thresholdChoice).toBe('auto');
    expect(rules.thresholdReason).toBe(
      `The threshold is ${rules.threshold}: the lowest that would refuse at most 1% of the held-out titles ` +
        `(${refusedAt(rules.threshold)} of 1000).`,
    );
  });

  it('goes no lower than 0.6 where held-out titles are like none', async () => {
    const unlike = Array.from({ length: 200 }, (_, i) => `${'zq'.repeat(9)} ${i}`);
    const rules = chooseRules(await compare(unlike), 'auto');
    expect(rules.threshold).toBe(0.6);
    expect(rules.thresholdReason).toContain('the lowest that auto takes: it would refuse 0 of 200');
  });

  it('goes no higher than 0.95 where held-out titles are copies, and looks for no runs then', async () => {
    const rules = chooseRules(await compare(train.slice(0, 300).map((title) => `${title}!`)), 'auto');
    expect(rules.threshold).toBe(0.95);
    expect(rules.thresholdReason).toContain('though it would refuse 300 of 300 held-out titles');
    expect(rules.minimumRun === undefined || rules.minimumRun > 12).toBe(true);
  });

  it('stays at 0.8, and says so, with fewer than 100 held-out titles', async () => {
    const rules = chooseRules(await compare(unseen.slice(0, 99)), 'auto');
    expect(rules.threshold).toBe(0.8);
    expect(rules.thresholdReason).toContain('99 held-out titles are too few');
  });
});

describe('chooseRules', () => {
  it.each([0, -1, 1.5, Number.NaN])('refuses the threshold %s', (threshold) => {
    expect(() => chooseRules([], threshold)).toThrow('The similarity threshold is');
  });

  it('asks for longer runs where held-out titles share runs with training titles', async () => {
    const plain = chooseRules(await compare(unseen), 0.8);
    expect(plain.minimumRun).toBe(6);
    const halves = train
      .filter((title) => title.split(' ').length >= 9)
      .map((title) => title.split(' ').slice(0, 7).join(' '));
    const shared = chooseRules(await compare([...unseen.slice(0, 500), ...halves.slice(0, 20)]), 0.8);
    expect(shared.minimumRun).toBe(8);
    expect(shared.runReason).toContain('from 8 tokens on: at that, 0 of 520');
  });
});

describe('findCopy', () => {
  const rules = { threshold: 0.8, minimumRun: 6 };
  const long = train.filter((title) => title.split(' ').length >= 14);
  const half = (title: string, from: number, to?: number) => title.split(' ').slice(from, to).join(' ');

  it('names both titles of two glued halves, with the tokens of each', async () => {
    const glued = `${half(long[0]!, 0, 7)} ${half(long[1]!, -7)}`;
    const [comparison] = await compare([glued]);
    expect(findCopy(comparison!, rules, train)).toMatchObject({
      reason: 'glued copy',
      matched: long[0],
      second: long[1],
      evidence: expect.stringMatching(/^\d of its 14 tokens are a run of one training title, \d of another$/),
    });
  });

  it('calls part of one title a partial copy', async () => {
    const [comparison] = await compare([half(long[2]!, 0, 7).toUpperCase()]);
    expect(findCopy(comparison!, rules, train)).toMatchObject({
      reason: 'partial copy',
      matched: long[2],
      evidence: '7 of its 7 tokens are one run of a training title',
    });
    expect(findCopy(comparison!, { ...rules, minimumRun: undefined }, train)).toBeUndefined();
    expect(findCopy(comparison!, { ...rules, minimumRun: 8 }, train)).toBeUndefined();
  });

  it('calls a shouted title a disguised copy, with both ratings', async () => {
    const [comparison] = await compare([`¡${long[3]!.toUpperCase()}!!`]);
    expect(findCopy(comparison!, rules, train)).toMatchObject({
      reason: 'disguised copy',
      rating: 1,
      matched: long[3],
      evidence: expect.stringMatching(
        /^rated 1\.000 with case, punctuation and accents set aside, 0\.\d{3} as written$/,
      ),
    });
  });
});

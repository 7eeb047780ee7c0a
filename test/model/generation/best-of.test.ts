import { describe, expect, test } from 'vitest';
import { ranked } from '../../../src/model/generation/best-of.js';
import { stutters } from '../../../src/model/generation/stutter.js';
import { chiSquare } from './chi-square.js';
import { byIndex, generate } from './collect-texts.js';
import { bigrams, sessionOf, tokenizerOf } from './markov-model.js';

const letters = tokenizerOf('a', 'b');
const rows = [
  [0.2, 0.3, 0.5],
  [0.1, 0, 0.9],
  [0.6, 0.4, 0],
];
const wandering = bigrams(rows);
/** "a" 0.6, "b" 0.4; then it ends. */
const single = bigrams([
  [0, 0, 1],
  [0, 0, 1],
  [0.6, 0.4, 0],
]);
const session = (slots = 4) => sessionOf(wandering, { slots });
const options = { nsamples: 200, seed: 5, length: 6 };
/** The fewer letters, the less like any title; "a" would be refused. */
const noveltyOf = (text: string) => ({ rating: text.length / 10, isRefused: text === 'a' });

/** Mean of ln p over the letters of a text, and its end unless that was cut off: from the rows above. */
function meanOf(text: string, ends: boolean): number {
  const ids = [2, ...[...text].map((letter) => 'ab'.indexOf(letter)), ...(ends ? [2] : [])];
  const logs = ids.slice(1).map((id, place) => Math.log(rows[ids[place]!]![id]!));
  return logs.reduce((sum, log) => sum + log, 0) / logs.length;
}

describe('candidates are ranked', () => {
  const scores = [
    { meanLogProbability: -3, novelty: { rating: 0.9, isRefused: true }, meanGain: 0.25 },
    { meanLogProbability: -1, novelty: { rating: 0.8, isRefused: true }, meanGain: -1 },
    { meanLogProbability: -2, novelty: { rating: 0.5, isRefused: false } },
    { meanLogProbability: -4, novelty: { rating: 0.1, isRefused: false } },
    { meanLogProbability: -2, novelty: { rating: 0.5, isRefused: false } },
    { meanLogProbability: -0.5, novelty: { rating: 0, isRefused: false }, isLast: true },
  ];

  test.each([
    ['probability', [1, 2, 4, 0, 3, 5]],
    ['novelty', [3, 2, 4, 1, 0, 5]],
    // Sums of ranks: 4 + 5, 1 + 4, 2 + 2, 5 + 1, 2 + 2.
    ['both', [2, 4, 3, 1, 0, 5]],
    ['community', [0, 2, 3, 4, 1, 5]],
  ] as const)('by %s, equal ones in order', (ranking, order) => {
    expect(ranked(scores, ranking)).toEqual(order);
  });
});

describe('the best of several candidates', () => {
  test('of one is the text itself, without a word about it', async () => {
    const plain = await generate(session(), letters, options);
    expect(await generate(session(), letters, { ...options, bestOf: 1 })).toEqual(plain);
    expect(plain.every(({ chosen }) => chosen === undefined)).toBe(true);
  });

  test('is the one of the highest mean log probability, at any temperature', async () => {
    for (const temperature of [1, 0.5]) {
      const asked = { ...options, temperature };
      const plain = byIndex(await generate(session(), letters, asked));
      const two = byIndex(await generate(session(), letters, { ...asked, bestOf: 2 }));
      const eight = byIndex(await generate(session(), letters, { ...asked, bestOf: 8 }));
      for (const [index, { text, finishReason, chosen }] of eight.entries()) {
        const score = meanOf(text, finishReason === 'stop');
        expect(chosen!.of).toBe(8);
        expect(chosen!.meanLogProbability).toBeCloseTo(score, 5);
        // The first candidate is the text that there is without others, the first two are the same two.
        const first = plain[index]!;
        expect(chosen!.first ?? text).toBe(first.text);
        expect(score).toBeGreaterThanOrEqual(meanOf(first.text, first.finishReason === 'stop') - 1e-12);
        expect(chosen!.meanLogProbability).toBeGreaterThanOrEqual(two[index]!.chosen!.meanLogProbability!);
        if (chosen!.candidate <= 2) expect(text).toBe(two[index]!.text);
      }
    }
  });

  test('of a model that writes for a community is the one that this makes likelier most, at any temperature', async () => {
    const added = [0.7, -0.4, 0.1];
    // What the model gave before: its logits are logarithms of the rows.
    const before = rows.map((row) => {
      const weights = row.map((probability, id) => probability * Math.exp(-added[id]!));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.map((weight) => weight / total);
    });
    const gainOf = (text: string, ends: boolean): number => {
      const ids = [2, ...[...text].map((letter) => 'ab'.indexOf(letter)), ...(ends ? [2] : [])];
      const gains = ids
        .slice(1)
        .map((id, place) => Math.log(rows[ids[place]!]![id]!) - Math.log(before[ids[place]!]![id]!));
      return gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
    };
    for (const temperature of [1, 0.5]) {
      const asked = { ...options, temperature, addedLogits: Float32Array.from(added) };
      const plain = byIndex(await generate(session(), letters, { ...options, temperature }));
      const eight = byIndex(await generate(session(), letters, { ...asked, bestOf: 8 }));
      const gained = eight.map(({ text, finishReason, chosen }, index) => {
        const gain = gainOf(text, finishReason === 'stop');
        expect(chosen!.meanGain).toBeCloseTo(gain, 5);
        const first = plain[index]!;
        expect(chosen!.first ?? text).toBe(first.text);
        const isPassedOver = stutters(first.text) && !stutters(text);
        const least = isPassedOver ? -Infinity : gainOf(first.text, first.finishReason === 'stop');
        expect(gain).toBeGreaterThanOrEqual(least - 1e-6);
        return chosen!.candidate > 1;
      });
      expect(gained.filter(Boolean).length).toBeGreaterThan(100);
      const byProbability = { ...asked, bestOf: 8, rank: 'probability' } as const;
      const likeliest = byIndex(await generate(session(), letters, byProbability));
      expect(likeliest.every(({ chosen }) => chosen!.meanGain === undefined)).toBe(true);
      expect(likeliest.map(({ text }) => text)).not.toEqual(eight.map(({ text }) => text));
    }
    const wrong = generate(session(), letters, { ...options, addedLogits: new Float32Array(4) });
    await expect(wrong).rejects.toThrow('addedLogits has 4 numbers, but the model 3 tokens.');
  });

  test('of a model that writes for a community is one that stutters only where all do', async () => {
    // "a" and "b" in turns; the community writes on where the model would end: the longest texts gain most, "ababab" and "bababa".
    const turns = bigrams([
      [0, 0.8, 0.2],
      [0.8, 0, 0.2],
      [0.5, 0.5, 0],
    ]);
    const draw = async (rank?: 'probability') =>
      generate(sessionOf(turns, { slots: 8 }), letters, {
        ...{ ...options, bestOf: 8, rank },
        addedLogits: Float32Array.of(0, 0, -2),
      });
    const lengths = (await draw()).map(({ text }) => text.length);
    expect(Math.max(...lengths)).toBe(5);
    // Nothing but that they stutter puts these last.
    expect(lengths.filter((length) => length === 5).length).toBeGreaterThan(60);
    expect((await draw('probability')).some(({ text }) => text.length === 6)).toBe(true);
  });

  test('is as likely as the best of independent draws', async () => {
    const asked = { nsamples: 2000, seed: 3, length: 2, bestOf: 3 };
    const texts = await generate(sessionOf(single, { slots: 8 }), letters, asked);
    const others = texts.filter(({ text }) => text === 'b').length;
    const { statistic, limit } = chiSquare([2000 - others, others], [1 - 0.4 ** 3, 0.4 ** 3]);
    expect(statistic).toBeLessThan(limit);
  });

  test('by novelty is the least like a title, refused ones last', async () => {
    const asked = { ...options, bestOf: 4, rank: 'novelty', noveltyOf } as const;
    const texts = byIndex(await generate(session(), letters, asked));
    const many = byIndex(await generate(session(), letters, { ...asked, bestOf: 12 }));
    for (const [index, { text, chosen }] of texts.entries()) {
      expect(chosen).toMatchObject({ of: 4, closestRating: text.length / 10 });
      expect(chosen).not.toHaveProperty('meanLogProbability');
      // "a" is the shortest text, and b the next.
      if (text !== 'a') expect(many[index]!.text.length).toBeLessThanOrEqual(text.length);
    }
    expect(new Set(many.map(({ text }) => text))).toContain('b');
    expect(many.filter(({ text }) => text === 'a').length).toBeLessThan(3);
  });

  test('depends on the seed and its index alone, not on slots nor on texts that are there already', async () => {
    const asked = { ...options, bestOf: 3, rank: 'both', noveltyOf } as const;
    const whole = byIndex(await generate(session(), letters, asked));
    expect(byIndex(await generate(session(1), letters, asked))).toEqual(whole);
    expect(byIndex(await generate(session(50), letters, asked))).toEqual(whole);
    const finished = new Set([0, 3, 4, 199]);
    const rest = byIndex(await generate(session(7), letters, { ...asked, finished }));
    expect(rest).toEqual(whole.filter(({ index }) => !finished.has(index)));
    const later = { ...asked, firstIndex: 150, nsamples: 50 };
    expect(byIndex(await generate(session(), letters, later))).toEqual(whole.slice(150));
  });

  test('is none that may not stand, and the first draw of all is told', async () => {
    const plain = byIndex(await generate(session(), letters, options));
    const mayStand = (text: string): boolean => !text.startsWith('a');
    const texts = byIndex(await generate(session(), letters, { ...options, bestOf: 3, mayStand }));
    expect(texts.every(({ text }) => mayStand(text))).toBe(true);
    for (const [index, { text, chosen, turnedAway }] of texts.entries())
      expect(chosen!.first ?? turnedAway?.first ?? text).toBe(plain[index]!.text);
  });

  test('is blank only where all are', async () => {
    const rarely = bigrams([
      [0, 0, 1],
      [0, 0, 1],
      [0.05, 0, 0.95],
    ]);
    const blanks = async (bestOf: number): Promise<number> => {
      const asked = { nsamples: 200, seed: 1, length: 3, bestOf };
      const texts = await generate(sessionOf(rarely, { slots: 4 }), letters, asked);
      return texts.filter(({ text }) => text === '').length;
    };
    // 0.95^8 of the texts are, and that to the fourth where each has four candidates.
    expect(await blanks(1)).toBeGreaterThan(100);
    expect(await blanks(4)).toBeLessThan(70);
  });

  test('by novelty is refused where no titles are known', async () => {
    const asked = generate(session(), letters, { ...options, bestOf: 2, rank: 'novelty' });
    await expect(asked).rejects.toMatchObject({
      code: 'usage',
      message: '--rank novelty compares candidates with titles, and none are known.',
    });
  });
});

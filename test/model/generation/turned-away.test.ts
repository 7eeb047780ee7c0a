import { describe, expect, test } from 'vitest';
import { type ProgressEvent, silentContext } from '../../../src/common/progress.js';
import { maximumTurns } from '../../../src/model/generation/generation-request.js';
import { chiSquare } from './chi-square.js';
import { byIndex, generate } from './collect-texts.js';
import { bigrams, recital, sessionOf, tokenizerOf } from './markov-model.js';

const letters = tokenizerOf('a', 'b');
/** "a" 0.6, "b" 0.4; then it ends. */
const single = bigrams([
  [0, 0, 1],
  [0, 0, 1],
  [0.6, 0.4, 0],
]);
const wandering = bigrams([
  [0.2, 0.3, 0.5],
  [0.1, 0, 0.9],
  [0.6, 0.4, 0],
]);

describe('texts that may not stand', () => {
  const options = { nsamples: 300, seed: 5, length: 3 };
  const mayStand = (text: string): boolean => !text.startsWith('a');

  test('are drawn again until they may, and what was drawn first is told', async () => {
    const plain = byIndex(await generate(sessionOf(wandering, { slots: 4 }), letters, options));
    const texts = byIndex(
      await generate(sessionOf(wandering, { slots: 4 }), letters, { ...options, mayStand }),
    );
    expect(texts.every(({ text }) => mayStand(text))).toBe(true);
    for (const [index, { turnedAway, ...text }] of texts.entries()) {
      if (turnedAway) expect(turnedAway.first).toBe(plain[index]!.text);
      else expect(text).toEqual(plain[index]);
    }
    const draws = texts.reduce((sum, { turnedAway }) => sum + (turnedAway?.draws ?? 0), 0);
    // 0.6 of all draws begin with "a": 1.5 for each that does not.
    expect(draws / 300).toBeGreaterThan(1.1);
    expect(draws / 300).toBeLessThan(1.9);
  });

  test('depend on the seed and their index alone, not on the slots', async () => {
    const asked = { ...options, mayStand };
    const [one, many] = [1, 9].map(async (slots) =>
      byIndex(await generate(sessionOf(wandering, { slots }), letters, asked)),
    );
    expect(await one).toEqual(await many);
  });

  test('leave the others as likely, beside each other, as the model has them', async () => {
    const asked = { nsamples: 4000, seed: 2, length: 3, mayStand: (text: string) => text !== 'b' };
    const texts = await generate(sessionOf(wandering, { slots: 8 }), letters, asked);
    const outcomes = {
      a: 0.3,
      aa: 0.06,
      ab: 0.162,
      ba: 0.02,
      aaa: 0.024,
      aab: 0.036,
      aba: 0.018,
      baa: 0.008,
      bab: 0.012,
    };
    const all = Object.values(outcomes).reduce((sum, share) => sum + share, 0);
    expect(all).toBeCloseTo(0.64, 12);
    const counts = Object.keys(outcomes).map(
      (outcome) => texts.filter(({ text }) => text === outcome).length,
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4000);
    const { statistic, limit } = chiSquare(
      counts,
      Object.values(outcomes).map((share) => share / all),
    );
    expect(statistic).toBeLessThan(limit);
  });

  test('end, and are counted, where none may', async () => {
    const events: ProgressEvent[] = [];
    const context = { ...silentContext, onProgress: (event: ProgressEvent) => events.push(event) };
    const session = sessionOf(recital(3, [0]), { slots: 2 });
    const texts = await generate(session, letters, { nsamples: 2, mayStand: () => false }, context);
    expect(texts.map(({ turnedAway }) => turnedAway)).toEqual(
      new Array(2).fill({ draws: maximumTurns - 1, first: 'a' }),
    );
    expect(events.at(-1)).toEqual({
      kind: 'warning',
      message: `2 of 2 generated texts are still such as are turned away after ${maximumTurns} draws each.`,
    });
  });

  test('stand where every draw is the same', async () => {
    const session = sessionOf(single, { slots: 2 });
    const texts = await generate(session, letters, { nsamples: 2, temperature: 0, mayStand: () => false });
    expect(texts.map(({ text, turnedAway }) => [text, turnedAway])).toEqual([
      ['a', undefined],
      ['a', undefined],
    ]);
  });
});

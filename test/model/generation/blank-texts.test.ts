import { describe, expect, test } from 'vitest';
import { type ProgressEvent, silentContext } from '../../../src/common/progress.js';
import { maximumDraws } from '../../../src/model/generation/generation-request.js';
import { byIndex, generate } from './collect-texts.js';
import { bigrams, recital, sessionOf, tokenizerOf } from './markov-model.js';

describe('blank texts', () => {
  const spaces = tokenizerOf('a', ' ');
  const oftenBlank = bigrams([
    [0, 0, 1],
    [0, 0.5, 0.5],
    [0.3, 0.3, 0.4],
  ]);

  test('are drawn anew, whatever the slots', async () => {
    const options = { nsamples: 200, seed: 3 };
    const texts = byIndex(await generate(sessionOf(oftenBlank, { slots: 9 }), spaces, options));
    expect(texts.map(({ index }) => index)).toEqual([...Array(200).keys()]);
    // 0.7 of the draws are blank; 0.7^8 of the texts stay so.
    const blank = texts.filter(({ text }) => text.trim() === '').length;
    expect(blank).toBeLessThan(40);
    expect(byIndex(await generate(sessionOf(oftenBlank, { slots: 1 }), spaces, options))).toEqual(texts);
  });

  test('are kept and counted when nothing else comes', async () => {
    const events: ProgressEvent[] = [];
    const context = { ...silentContext, onProgress: (event: ProgressEvent) => events.push(event) };
    const session = sessionOf(recital(3, [1]), { slots: 2 });
    const texts = await generate(session, spaces, { nsamples: 5 }, context);
    expect(texts.map(({ text }) => text)).toEqual(new Array(5).fill(' '));
    expect(session.calls.busySlots).toBe(5 * maximumDraws);
    expect(events.at(-1)).toEqual({
      kind: 'warning',
      message: '5 of 5 generated texts are blank after 8 draws each.',
    });
  });

  test('are not drawn anew where every draw is the same', async () => {
    const session = sessionOf(recital(3, [1]), { slots: 2 });
    await generate(session, spaces, { nsamples: 5, temperature: 0 });
    expect(session.calls.busySlots).toBe(5);
  });

  test('after a prefix are those that add nothing to it', async () => {
    const often = bigrams([
      [0, 0.5, 0.5],
      [0.5, 0, 0.5],
      [1, 0, 0],
    ]);
    const texts = await generate(sessionOf(often, { slots: 2 }), spaces, { nsamples: 40, prefix: 'a' });
    expect(texts.filter(({ text }) => text !== 'a' && text !== 'a ').length).toBeGreaterThan(30);
  });
});

import { describe, expect, test } from 'vitest';
import { generate } from './collect-texts.js';
import { recital, sessionOf, tokenizerOf } from './markov-model.js';

describe('truncation', () => {
  const words = tokenizerOf('Why', ' do', ' we', 'é', [0xf0, 0x9f], [0x91, 0x8d]);
  const session = sessionOf(recital(7, [0, 1, 3, 4, 5, 2]), { slots: 1 });

  test.each([
    ['y d', 'Wh', 2],
    ['oé', 'Why d', 3],
    ['👍', 'Why doé', 5],
    ['é👍 w', 'Why do', 6],
    ['we', 'Why doé👍 ', 6],
    ['never', 'Why doé👍 we', 6],
  ])('at %o', async (truncate, text, tokens) => {
    expect(await generate(session, words, { truncate })).toEqual([
      { index: 0, text, tokens, finishReason: 'stop', seed: 0 },
    ]);
  });

  test('with the last token allowed is a stop', async () => {
    const [text] = await generate(session, words, { truncate: 'do', length: 2 });
    expect(text).toMatchObject({ text: 'Why ', tokens: 2, finishReason: 'stop' });
  });

  test('spares the prefix', async () => {
    const [text] = await generate(session, words, { prefix: 'Why', truncate: 'Why', length: 2 });
    expect(text).toMatchObject({ text: 'Why doé' });
  });
});

describe('a text to stop at that begins in the prefix', () => {
  const words = tokenizerOf('Why', ' do', ' we', 'é', [0xf0, 0x9f], [0x91, 0x8d]);
  const session = sessionOf(recital(7, [0, 1, 3, 4, 5, 2]), { slots: 1 });

  test('ends the text where it begins in new text, and leaves the prefix whole', async () => {
    const [text] = await generate(session, words, { prefix: 'Why', truncate: 'y d', temperature: 0 });
    expect(text).toMatchObject({ text: 'Why', tokens: 1, finishReason: 'stop' });
  });

  test('does not count where it also ends in the prefix', async () => {
    const [text] = await generate(session, words, { prefix: 'Why', truncate: 'hy', temperature: 0 });
    expect(text).toMatchObject({ text: 'Why doé👍 we' });
  });
});

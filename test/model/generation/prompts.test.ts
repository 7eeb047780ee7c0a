import { describe, expect, test } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import { generationDefaults } from '../../../src/model/generation/generation-options.js';
import { generateTexts } from '../../../src/model/generation/generation-request.js';
import { encodePrompts } from '../../../src/model/generation/prompts.js';
import type { GeneratedText } from '../../../src/model/generation/sequence.js';
import { byIndex, generate } from './collect-texts.js';
import { bigrams, type NextToken, recital, sessionOf, tokenizerOf } from './markov-model.js';

const letters = tokenizerOf('a', 'b', 'c', 'd');
/** What follows hangs on the whole text so far. */
const wandering: NextToken = (history) => {
  const sum = history.reduce((total, token, position) => total + token * (position + 1), 0);
  const logits = [0, 1, 2, 3].map((id) => 2 * Math.sin(3 * id + sum));
  return [...logits, history.length === 1 ? Number.NEGATIVE_INFINITY : -0.5];
};

describe('several prefixes', () => {
  const prefixes = ['abc', 'd', 'abc', '', 'ca'];
  const options = { prefixes, nsamples: 7, length: 9, seed: 3 };

  test('give nsamples texts each, index by index', async () => {
    const texts = byIndex(await generate(sessionOf(wandering, { slots: 4 }), letters, options));
    expect(texts.map(({ index }) => index)).toEqual([...Array(35).keys()]);
    for (const { index, text } of texts) expect(text.startsWith(prefixes[Math.floor(index / 7)]!)).toBe(true);
  });

  test('do not change with the slots', async () => {
    const alone = byIndex(await generate(sessionOf(wandering, { slots: 1 }), letters, options));
    for (const slots of [3, 40]) {
      expect(byIndex(await generate(sessionOf(wandering, { slots }), letters, options))).toEqual(alone);
    }
  });

  test('follow the model like one prefix does', async () => {
    const [first] = prefixes;
    const session = sessionOf(wandering, { slots: 2 });
    const one = byIndex(await generate(session, letters, { ...options, prefixes: undefined, prefix: first }));
    const many = byIndex(await generate(session, letters, options));
    expect(many.slice(0, 7)).toEqual(one);
  });

  test('are run once each, given twice or not', async () => {
    const session = sessionOf(wandering, { slots: 4 });
    await generate(session, letters, { ...options, temperature: 0 });
    expect(session.calls.prompts).toEqual([[4, 0, 1, 2], [4, 3], [4], [4, 2, 0]]);
  });

  test('that cannot be are refused before any work', async () => {
    const session = sessionOf(wandering, { slots: 2, capacity: 10 });
    const refused = async (part: object, message: string): Promise<void> => {
      const generating = generate(session, letters, { length: 5, ...part });
      await expect(generating).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringContaining(message),
      });
    };
    await refused({ prefixes: ['a', 'abcdab'] }, '--prefix-file: prefix 2');
    await refused({ prefixes: [] }, '--prefix-file holds 0 prefixes');
    await refused({ prefixes: ['a'], prefix: 'b' }, '--prefix and --prefix-file are given');
    await refused({ prefixes: ['a', 'b\ud83d'] }, '--prefix-file line 2 got');
    await refused({ prefix: 'a'.repeat(10_001) }, 'which has 10001 characters');
    expect(session.calls.prompts).toEqual([]);
  });
});

test('prompts that are encoded already are not encoded again', async () => {
  const options = { ...generationDefaults, prefixes: ['ab', 'c'], nsamples: 2, temperature: 1 };
  const prompts = encodePrompts(letters, options);
  const encode = (): never => {
    throw new Error('encoded a second time');
  };
  const session = sessionOf(wandering, { slots: 3 });
  const texts: GeneratedText[] = [];
  const generating = generateTexts(session, { ...letters, encode }, options, silentContext, prompts);
  for await (const text of generating) texts.push(text);
  expect(byIndex(texts)).toEqual(byIndex(await generate(session, letters, options)));
});

describe('texts that are there already', () => {
  test('are left out, and the others stay as they are', async () => {
    const options = { prefixes: ['a', 'b'], nsamples: 10, length: 9, seed: 8 };
    const whole = byIndex(await generate(sessionOf(wandering, { slots: 3 }), letters, options));
    const finished = new Set([0, 3, 9, 10, 11, 19]);
    const rest = await generate(sessionOf(wandering, { slots: 5 }), letters, { ...options, finished });
    expect(byIndex(rest)).toEqual(whole.filter(({ index }) => !finished.has(index)));
  });
});

describe('the start mark', () => {
  test('in front of a prefix is the start that is there anyway', async () => {
    const session = sessionOf(wandering, { slots: 2 });
    const plain = await generate(session, letters, { prefix: 'ab', nsamples: 3 });
    expect(await generate(session, letters, { prefix: '<|startoftext|>ab', nsamples: 3 })).toEqual(plain);
    expect(session.calls.prompts).toEqual([
      [4, 0, 1],
      [4, 0, 1],
    ]);
  });
});

describe('delimiters as text', () => {
  const words = tokenizerOf('<|start', 'oftext|>', 'Why', ' do', '<|endof', 'text|>', ' x');

  test('begin with the start mark in plain tokens, and end at the end mark, which is not shown', async () => {
    const session = sessionOf(recital(8, [1, 3, 3, 4, 5, 6]), { slots: 2 });
    const texts = await generate(session, words, { delimiters: 'text', nsamples: 2, temperature: 0 });
    expect(session.calls.prompts).toEqual([[0, 1]]);
    expect(texts.map(({ text, tokens, finishReason }) => [text, tokens, finishReason])).toEqual([
      [' do do', 4, 'stop'],
      [' do do', 4, 'stop'],
    ]);
  });

  test('take a prefix and a truncation text besides; the end token ends a text too', async () => {
    const session = sessionOf(recital(8, [1, 2, 3, 6]), { slots: 1 });
    const options = { delimiters: 'text', prefix: 'Why', temperature: 0 } as const;
    expect((await generate(session, words, options))[0]).toMatchObject({
      text: 'Why do x',
      finishReason: 'stop',
    });
    expect((await generate(session, words, { ...options, truncate: 'o x' }))[0]).toMatchObject({
      text: 'Why d',
      finishReason: 'stop',
    });
  });
});

test('texts of a queue that ran dry move together: no step computes an empty slot', async () => {
  const model = bigrams([
    [0.5, 0.4, 0.1],
    [0.4, 0.5, 0.1],
    [0.5, 0.5, 0],
  ]);
  const session = sessionOf(model, { slots: 16 });
  const texts = await generate(session, tokenizerOf('a', 'b'), { nsamples: 50, length: 40 });
  const rows = texts.reduce(
    (sum, { tokens, finishReason }) => sum + (finishReason === 'stop' ? tokens : tokens - 1),
    0,
  );
  expect(session.calls.busySlots).toBe(rows);
});

test('a prefix that ends in spaces is what it is without them; a tab stays', () => {
  const spaced = tokenizerOf('a', ' ', '\t');
  const [prompt] = encodePrompts(spaced, { ...generationDefaults, prefix: 'a a  ', delimiters: 'token' });
  const [trimmed] = encodePrompts(spaced, { ...generationDefaults, prefix: 'a a', delimiters: 'token' });
  expect(prompt).toEqual(trimmed);
  for (const prefix of ['a a\u00a0', 'a a \u3000\u2009']) {
    expect(encodePrompts(spaced, { ...generationDefaults, prefix, delimiters: 'token' })).toEqual([trimmed]);
  }
  const [empty] = encodePrompts(spaced, { ...generationDefaults, prefix: '   ', delimiters: 'token' });
  expect(empty).toEqual(encodePrompts(spaced, { ...generationDefaults, delimiters: 'token' })[0]);
  const [tab] = encodePrompts(spaced, { ...generationDefaults, prefix: 'a\t', delimiters: 'token' });
  expect(tab?.prefix).toBe('a\t');
});

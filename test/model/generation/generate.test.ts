import { describe, expect, test } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { type ProgressEvent, silentContext } from '../../../src/common/progress.js';
import { generationDefaults } from '../../../src/model/generation/generation-options.js';
import { generateTexts } from '../../../src/model/generation/generation-request.js';
import type { GeneratedText } from '../../../src/model/generation/sequence.js';
import { chiSquare } from './chi-square.js';
import { byIndex, generate } from './collect-texts.js';
import { bigrams, type NextToken, recital, sessionOf, tokenizerOf } from './markov-model.js';

const letters = tokenizerOf('a', 'b', 'c', 'd');
/** Always begins with a letter; what follows hangs on the last two tokens and on the length. */
const wandering: NextToken = (history) => {
  const [before, last] = [history.at(-2) ?? 0, history.at(-1)!];
  const logits = [0, 1, 2, 3].map((id) => Math.sin(3 * id + 5 * last + 7 * before + history.length));
  return [...logits, history.length === 1 ? Number.NEGATIVE_INFINITY : -0.5];
};

/** Steps that slots refilled at once need, if texts start in the order of their index. */
function leastSteps(texts: readonly GeneratedText[], slots: number): number {
  const busyUntil = new Array<number>(slots).fill(0);
  for (const { tokens, finishReason } of byIndex(texts)) {
    const first = busyUntil.indexOf(Math.min(...busyUntil));
    busyUntil[first]! += finishReason === 'stop' ? tokens : tokens - 1;
  }
  return Math.max(...busyUntil);
}

describe('texts follow the model', () => {
  test('each outcome as often as the model says', async () => {
    const model = bigrams([
      [0.2, 0.3, 0.5],
      [0.1, 0, 0.9],
      [0.6, 0.4, 0],
    ]);
    const session = sessionOf(model, { slots: 7 });
    const texts = await generate(session, tokenizerOf('a', 'b'), { nsamples: 4000, length: 3, seed: 11 });
    const step: Record<string, number> = {
      ea: 0.6,
      eb: 0.4,
      aa: 0.2,
      ab: 0.3,
      ae: 0.5,
      ba: 0.1,
      bb: 0,
      be: 0.9,
    };
    const outcomes = ['a', 'b', 'aa', 'ab', 'ba', 'aaa', 'aab', 'aba', 'baa', 'bab'];
    const probabilities = outcomes.map((text) => {
      const path = `e${text}${text.length < 3 ? 'e' : ''}`;
      return [...path].slice(1).reduce((product, next, at) => product * step[path[at]! + next]!, 1);
    });
    expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
    const counts = outcomes.map((outcome) => texts.filter(({ text }) => text === outcome).length);
    expect(counts.reduce((sum, value) => sum + value, 0)).toBe(4000);
    const { statistic, limit } = chiSquare(counts, probabilities);
    expect(statistic).toBeLessThan(limit);
  });

  test('end token, limit and counts', async () => {
    const session = sessionOf(recital(5, [0, 1, 2]), { slots: 2 });
    const common = { index: 0, seed: 0 };
    expect(await generate(session, letters, { length: 4 })).toEqual([
      { ...common, text: 'abc', tokens: 3, finishReason: 'stop' },
    ]);
    expect(await generate(session, letters, { length: 3 })).toEqual([
      { ...common, text: 'abc', tokens: 3, finishReason: 'length' },
    ]);
    expect(await generate(session, letters, { length: 1 })).toEqual([
      { ...common, text: 'a', tokens: 1, finishReason: 'length' },
    ]);
  });

  test('bytes of several tokens become one character', async () => {
    const bytes = [...Buffer.from('👍é')].map((byte) => [byte]);
    const session = sessionOf(recital(7, [0, 1, 2, 3, 4, 5]), { slots: 1 });
    expect((await generate(session, tokenizerOf(...bytes), {}))[0]).toMatchObject({ text: '👍é', tokens: 6 });
    const [cut] = await generate(session, tokenizerOf(...bytes), { length: 5 });
    expect(cut).toMatchObject({ text: '👍', tokens: 5, finishReason: 'length' });
  });
});

describe('a text depends on the seed and its index alone', () => {
  test('not on slots, not on how many are asked for', async () => {
    const options = { seed: 5, nsamples: 60, length: 12 };
    const alone = byIndex(await generate(sessionOf(wandering, { slots: 1 }), letters, options));
    expect(alone.map(({ index }) => index)).toEqual([...Array(60).keys()]);
    expect(new Set(alone.map(({ text }) => text)).size).toBeGreaterThan(40);
    for (const slots of [2, 7, 60, 64]) {
      expect(byIndex(await generate(sessionOf(wandering, { slots }), letters, options))).toEqual(alone);
    }
    const more = await generate(sessionOf(wandering, { slots: 7 }), letters, { ...options, nsamples: 100 });
    expect(byIndex(more).slice(0, 60)).toEqual(alone);
    const other = await generate(sessionOf(wandering, { slots: 7 }), letters, { ...options, seed: 6 });
    const same = byIndex(other).filter(({ text }, index) => text === alone[index]!.text);
    expect(same.length).toBeLessThan(10);
  });

  test('not on what the session generated before', async () => {
    const session = sessionOf(wandering, { slots: 3 });
    const first = await generate(session, letters, { nsamples: 9 });
    await generate(session, letters, { nsamples: 4, prefix: 'dd', seed: 1 });
    expect(await generate(session, letters, { nsamples: 9 })).toEqual(first);
    expect(session.calls.disposed).toBe(false);
  });

  test('temperature 0 gives the likeliest text every time', async () => {
    const texts = await generate(sessionOf(wandering, { slots: 2 }), letters, {
      nsamples: 3,
      temperature: 0,
      length: 6,
    });
    let history = [4];
    for (let step = 0; step < 6 && (step === 0 || history.at(-1) !== 4); step++) {
      const logits = wandering(history);
      history = [...history, logits.indexOf(Math.max(...logits))];
    }
    expect(texts.map(({ text }) => text)).toEqual(new Array(3).fill(letters.decode(history)));
  });
});

test('slots are refilled at once: no step is spent on an idle slot while texts wait', async () => {
  for (const slots of [1, 3, 8]) {
    const session = sessionOf(wandering, { slots });
    const texts = await generate(session, letters, { nsamples: 50, length: 10 });
    expect(texts.some(({ finishReason }) => finishReason === 'length')).toBe(true);
    expect(session.calls.steps).toBe(leastSteps(texts, slots));
  }
});

describe('prefix', () => {
  test('is run once and stands before each text, or not', async () => {
    const session = sessionOf(wandering, { slots: 2 });
    const options = { nsamples: 5, prefix: 'cab', length: 8 };
    const shown = byIndex(await generate(session, letters, options));
    expect(session.calls.prompts).toEqual([[4, 2, 0, 1]]);
    const hidden = byIndex(await generate(session, letters, { ...options, includePrefix: false }));
    expect(shown).toEqual(hidden.map((text) => ({ ...text, text: `cab${text.text}` })));
  });

  test('conditions the texts', async () => {
    const model = bigrams([
      [0, 0.5, 0.5],
      [0.5, 0, 0.5],
      [0.5, 0.5, 0],
    ]);
    const texts = await generate(sessionOf(model, { slots: 4 }), tokenizerOf('a', 'b'), {
      nsamples: 50,
      prefix: 'a',
    });
    expect(texts.every(({ text }) => text.startsWith('ab'))).toBe(true);
  });

  test('and length fill the capacity to the last position', async () => {
    const session = sessionOf(recital(5, new Array(20).fill(1)), { slots: 2, capacity: 10 });
    const [text] = await generate(session, letters, { prefix: 'abc', length: 6 });
    expect(text).toMatchObject({ text: 'abcbbbbbb', tokens: 6, finishReason: 'length' });
  });

  test.each([
    [{ prefix: 'abc', length: 7 }, 'Use --length 6 or less'],
    [{ length: 10 }, 'Use --length 9 or less'],
    [{ prefix: 'abcdabcdabcd', length: 1 }, 'Use a shorter --prefix.'],
  ])('beyond it are refused before any work: %o', async (options, hint) => {
    const session = sessionOf(wandering, { slots: 2, capacity: 10 });
    await expect(generate(session, letters, options)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('--length'),
      hint: expect.stringContaining(hint),
    });
    expect(session.calls.prompts).toEqual([]);
  });
});

describe('progress and stopping', () => {
  test('every text is told once', async () => {
    const events: ProgressEvent[] = [];
    const context = { ...silentContext, onProgress: (event: ProgressEvent) => events.push(event) };
    await generate(sessionOf(wandering, { slots: 4 }), letters, { nsamples: 10 }, context);
    expect(events.map((event) => event.kind === 'progress' && event.done)).toEqual(
      Array.from({ length: 10 }, (_, index) => index + 1),
    );
    expect(events.at(-1)).toMatchObject({
      label: 'generate',
      total: 10,
      unit: 'texts',
      detail: expect.stringMatching(/^[\d,]+ tokens\/s$/),
    });
  });

  test('a stop ends between steps; what was finished has been yielded', async () => {
    const options = { nsamples: 200, length: 12 };
    const whole = byIndex(await generate(sessionOf(wandering, { slots: 4 }), letters, options));
    const session = sessionOf(wandering, { slots: 4 });
    const context = {
      ...silentContext,
      signal: {
        get aborted() {
          return session.calls.steps >= 20;
        },
      },
    };
    const finished: GeneratedText[] = [];
    const stopped = (async () => {
      const all = { ...generationDefaults, temperature: 1, ...options };
      for await (const text of generateTexts(session, letters, all, context)) finished.push(text);
    })();
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
    expect(session.calls.steps).toBe(20);
    expect(finished.length).toBeGreaterThan(4);
    expect(byIndex(finished)).toEqual(
      finished.map(({ index }) => whole[index]!).sort((a, b) => a.index - b.index),
    );
    const spent = finished.reduce((sum, { tokens }) => sum + tokens, 0);
    expect(session.calls.busySlots - spent).toBeLessThanOrEqual(4 * options.length);
  });

  test('a stop is heard even if every text ends at its first token', async () => {
    let asked = 0;
    const session = sessionOf(recital(5, []), { slots: 2 });
    const context = {
      ...silentContext,
      signal: {
        get aborted() {
          return ++asked > 50;
        },
      },
    };
    await expect(generate(session, letters, { nsamples: 1e9 }, context)).rejects.toBeInstanceOf(
      InterruptedError,
    );
    expect(session.calls.steps).toBe(0);
  });
});

test('a tokenizer of another model is refused', async () => {
  const session = sessionOf(recital(9, [1]), { slots: 1 });
  await expect(generate(session, letters, {})).rejects.toMatchObject({ code: 'vocabulary-mismatch' });
});

import { describe, expect, test } from 'vitest';
import { ContinuousBatch } from '../../../src/model/generation/continuous-batch.js';
import {
  type GenerationOptions,
  generationDefaults,
} from '../../../src/model/generation/generation-options.js';
import { GenerationRequest } from '../../../src/model/generation/generation-request.js';
import type { GeneratedText } from '../../../src/model/generation/sequence.js';
import type { DecodeSession } from '../../../src/model/transformer/decode-session.js';
import { byIndex, generate } from './collect-texts.js';
import { type NextToken, recital, sessionOf, tokenizerOf } from './markov-model.js';

const letters = tokenizerOf('a', 'b', 'c', 'd');
const wandering: NextToken = (history) => {
  const [before, last] = [history.at(-2) ?? 0, history.at(-1)!];
  const logits = [0, 1, 2, 3].map((id) => Math.sin(3 * id + 5 * last + 7 * before + history.length));
  return [...logits, history.length === 1 ? Number.NEGATIVE_INFINITY : -0.5];
};

interface Asked {
  readonly request: GenerationRequest;
  readonly texts: GeneratedText[];
  /** By index: the deltas of each text. */
  readonly deltas: Map<number, string[]>;
  readonly ends: unknown[];
}

function ask(session: DecodeSession, options: Partial<GenerationOptions>, tokenizer = letters): Asked {
  const asked = { texts: [] as GeneratedText[], deltas: new Map<number, string[]>(), ends: [] as unknown[] };
  const add = (index: number, delta: string): void => {
    if (delta !== '') asked.deltas.set(index, [...(asked.deltas.get(index) ?? []), delta]);
  };
  const request = new GenerationRequest(
    session,
    tokenizer,
    { ...generationDefaults, temperature: 1, ...options },
    {
      onToken: (sequence) => add(sequence.index, sequence.takeDelta()),
      onText: (text, rest) => {
        add(text.index, rest);
        asked.texts.push(text);
      },
      onEnd: (error) => asked.ends.push(error),
    },
  );
  return { ...asked, request };
}

async function finish(batch: { readonly idle: boolean; step(): Promise<void> }): Promise<void> {
  while (!batch.idle) await batch.step();
}

describe('requests that share slots', () => {
  const wishes: readonly Partial<GenerationOptions>[] = [
    { nsamples: 9, seed: 1 },
    { nsamples: 1, seed: 2, prefix: 'ab', temperature: 0.3 },
    { nsamples: 20, seed: 3, topK: 2, length: 5 },
    { nsamples: 3, seed: 4, truncate: ['da', 'cc'], includePrefix: false, prefix: 'd' },
    { nsamples: 4, seed: 5, topP: 0.6, temperature: 0 },
  ];

  test.each([1, 3, 16])('get the texts they would get alone, in %i slots', async (slots) => {
    const session = sessionOf(wandering, { slots });
    const batch = new ContinuousBatch(session);
    const asked = wishes.map((wish) => ask(session, wish));
    for (const { request } of asked) {
      batch.add(request);
      await batch.step();
    }
    await finish(batch);
    for (const [at, { texts, deltas, ends }] of asked.entries()) {
      const alone = byIndex(await generate(sessionOf(wandering, { slots: 2 }), letters, wishes[at]!));
      expect(byIndex(texts)).toEqual(alone);
      expect(ends).toEqual([undefined]);
      for (const { index, text } of texts) expect((deltas.get(index) ?? []).join('')).toBe(text);
    }
  });

  test('share them fairly: one text does not wait for all twenty', async () => {
    const session = sessionOf(recital(5, [0, 1, 2, 3]), { slots: 4 });
    const batch = new ContinuousBatch(session);
    const [many, one] = [ask(session, { nsamples: 20 }), ask(session, { nsamples: 1 })];
    batch.add(many.request);
    await batch.step();
    batch.add(one.request);
    while (one.texts.length === 0) await batch.step();
    // The four texts under way when it came, and those beside it.
    expect(many.texts.length).toBeLessThanOrEqual(8);
    await finish(batch);
    expect(many.texts).toHaveLength(20);
  });

  test('have as many slots as each other while both want more', async () => {
    const session = sessionOf(recital(5, [0, 1, 2, 3]), { slots: 6 });
    const batch = new ContinuousBatch(session);
    const [first, second] = [ask(session, { nsamples: 40 }), ask(session, { nsamples: 40 })];
    batch.add(first.request);
    batch.add(second.request);
    for (let step = 0; step < 12; step++) {
      await batch.step();
      expect([0, 3]).toContain(first.request.slots);
      expect(second.request.slots).toBe(first.request.slots);
    }
  });

  test('leave their slots at once when they are withdrawn, even during a step', async () => {
    const session = sessionOf(wandering, { slots: 3 });
    const batch = new ContinuousBatch(session);
    const [gone, kept] = [ask(session, { nsamples: 30 }), ask(session, { nsamples: 4, seed: 9 })];
    batch.add(gone.request);
    batch.add(kept.request);
    const step = batch.step();
    await Promise.resolve();
    batch.remove(gone.request);
    await step;
    expect(batch.busySlots).toBeLessThan(3);
    const known = gone.texts.length;
    await finish(batch);
    expect(gone.texts).toHaveLength(known);
    expect(gone.ends).toEqual([]);
    const alone = await generate(sessionOf(wandering, { slots: 1 }), letters, { nsamples: 4, seed: 9 });
    expect(byIndex(kept.texts)).toEqual(byIndex(alone));
  });

  test('fail alone', async () => {
    const broken: NextToken = (history) =>
      history.includes(3) ? new Array<number>(5).fill(Number.NaN) : wandering(history);
    const session = sessionOf(broken, { slots: 4 });
    const batch = new ContinuousBatch(session);
    const safe = { truncate: 'd', nsamples: 1, length: 3, temperature: 0 };
    const [bad, good] = [ask(session, { prefix: 'd', nsamples: 3 }), ask(session, safe)];
    batch.add(bad.request);
    batch.add(good.request);
    await finish(batch);
    expect(String(bad.ends[0])).toContain('not finite');
    expect(bad.ends).toHaveLength(1);
    expect(good.ends).toEqual([undefined]);
    expect(good.texts).toHaveLength(1);
  });

  test('run a prompt they have in common once', async () => {
    const session = sessionOf(wandering, { slots: 4 });
    const batch = new ContinuousBatch(session);
    for (let seed = 0; seed < 5; seed++) batch.add(ask(session, { prefix: 'ab', seed }).request);
    await finish(batch);
    expect(session.calls.prompts).toEqual([[4, 0, 1]]);
  });

  test('a model that ends every text at once does not keep a step for itself', async () => {
    const session = sessionOf(recital(5, []), { slots: 2 });
    const batch = new ContinuousBatch(session);
    const asked = ask(session, { nsamples: 100, temperature: 0 });
    batch.add(asked.request);
    await batch.step();
    expect(asked.texts.length).toBeLessThan(20);
    await finish(batch);
    expect(asked.texts).toHaveLength(100);
  });
});

describe('deltas of a text', () => {
  test('hold back what may begin a text to stop at', async () => {
    const session = sessionOf(recital(5, [0, 1, 2, 0, 1, 3]), { slots: 1 });
    const batch = new ContinuousBatch(session);
    const asked = ask(session, { truncate: 'abd', length: 20 });
    batch.add(asked.request);
    await finish(batch);
    expect(asked.deltas.get(0)).toEqual(['abc']);
    expect(asked.texts[0]).toMatchObject({ text: 'abc', finishReason: 'stop' });
  });

  test('begin with the prefix where it is shown, and with the first visible character', async () => {
    const spaced = tokenizerOf('a', ' ', 'b');
    for (const includePrefix of [true, false]) {
      const session = sessionOf(recital(4, [0, 1, 1, 2, 0]), { slots: 1 });
      const batch = new ContinuousBatch(session);
      const asked = ask(session, { prefix: 'a', includePrefix }, spaced);
      batch.add(asked.request);
      await finish(batch);
      expect(asked.deltas.get(0)).toEqual([includePrefix ? 'a  b' : '  b', 'a']);
    }
  });
});

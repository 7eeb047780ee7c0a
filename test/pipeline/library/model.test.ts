import { describe, expect, test } from 'vitest';
import type { GeneratedText } from '../../../src/model/generation/sequence.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import {
  createModel,
  type GenerateOptions,
  generate,
  type Model,
} from '../../../src/pipeline/library/model.js';
import { byIndex } from '../../model/generation/collect-texts.js';
import { tokenizerOf } from '../../model/generation/markov-model.js';
import { testEngine as engine } from '../../model/test-engine.js';
import { oracle, oracleParameters } from '../../model/transformer/oracle.js';

const { configuration } = oracle;
const characters = Array.from({ length: configuration.vocabularySize - 1 }, (_, id) =>
  String.fromCharCode(256 + id),
);

const open = (slots: number, factor = 1): Promise<Model> => {
  const parameters = oracleParameters();
  const embedding = parameters.views.get('wte.weight')!;
  for (const [index, value] of embedding.entries()) embedding[index] = value * factor;
  const weights = storedWeights(parameters);
  return createModel({ configuration, tokenizer: tokenizerOf(...characters), weights }, { slots, engine });
};

async function collect(model: Model, options: GenerateOptions): Promise<GeneratedText[]> {
  const texts: GeneratedText[] = [];
  for await (const text of generate(model, { length: 10, ...options })) texts.push(text);
  return byIndex(texts);
}

describe('generate', () => {
  test('takes turns on one model: each call gives what it gives alone', async () => {
    const model = await open(3);
    const requests = [
      { nsamples: 7, seed: 1 },
      { nsamples: 5, seed: 2, prefix: 'ĀĂ' },
      { nsamples: 9, seed: 3, temperature: 0.4 },
    ];
    const alone: GeneratedText[][] = [];
    for (const request of requests) alone.push(await collect(model, request));
    const together = await Promise.all(requests.map((request) => collect(model, request)));
    expect(together).toEqual(alone);
    expect(alone.map((texts) => texts.length)).toEqual([7, 5, 9]);
    await model.dispose();
  });

  test('runs several models side by side, each as alone', async () => {
    const models = await Promise.all([open(2), open(5, 1.5)]);
    const alone: GeneratedText[][] = [];
    for (const model of models) alone.push(await collect(model, { nsamples: 12 }));
    expect(alone[0]).not.toEqual(alone[1]);
    const together = await Promise.all(models.map((model) => collect(model, { nsamples: 12 })));
    expect(together).toEqual(alone);
    for (const model of models) await model.dispose();
  });

  test('frees the model when the caller breaks off, an option is wrong, or the signal aborts', async () => {
    const model = await open(2);
    for await (const _ of generate(model, { nsamples: 50, length: 10 })) break;
    await expect(collect(model, { temperature: -1 })).rejects.toMatchObject({ code: 'usage' });
    const reason = new Error('enough');
    await expect(collect(model, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await collect(model, { nsamples: 3 })).toHaveLength(3);
    await model.dispose();
  });

  test('ends between two steps when the signal aborts; finished texts have come', async () => {
    const model = await open(2);
    const controller = new AbortController();
    const texts: GeneratedText[] = [];
    const generating = async (): Promise<void> => {
      for await (const text of generate(model, { nsamples: 1000, length: 10, signal: controller.signal })) {
        texts.push(text);
        if (texts.length === 5) controller.abort();
      }
    };
    await expect(generating()).rejects.toMatchObject({ name: 'AbortError' });
    expect(texts.length).toBeLessThan(9);
    await model.dispose();
  });

  test('begins a call whose turn has come after it was aborted with the reason alone', async () => {
    const model = await open(2);
    const controller = new AbortController();
    const first = collect(model, { nsamples: 20 });
    const second = collect(model, { nsamples: 20, signal: controller.signal });
    controller.abort();
    expect(await first).toHaveLength(20);
    await expect(second).rejects.toMatchObject({ name: 'AbortError' });
    await model.dispose();
  });
});

test('a text is bounded by the model’s capacity, said before any work', async () => {
  const model = await open(2);
  await expect(collect(model, { length: 32 })).rejects.toThrow('the model holds 32');
  await model.dispose();
});

test('a text that a larger capacity would hold is refused by saying so', async () => {
  const parameters = storedWeights(oracleParameters());
  const opened = { configuration, tokenizer: tokenizerOf(...characters), weights: parameters };
  const model = await createModel(opened, { slots: 1, capacity: 16, engine });
  await expect(collect(model, { length: 20 })).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('the model was opened for 16 of its 32'),
    hint: 'Use --length 15 or less, or open the model with a larger capacity.',
  });
  await model.dispose();
});

describe('a model that is disposed of', () => {
  const isDisposed = { name: 'TitlesmithError', code: 'model-disposed' };

  test('generates no more: a call says so and settles', async () => {
    const model = await open(2);
    expect(await collect(model, { nsamples: 2 })).toHaveLength(2);
    await model.dispose();
    await expect(collect(model, { nsamples: 2 })).rejects.toMatchObject(isDisposed);
    await model.dispose();
    await expect(collect(model, { nsamples: 2 })).rejects.toMatchObject(isDisposed);
  });

  test('ends the call that generates, and those that wait, also from within a loop over its texts', async () => {
    const model = await open(2);
    const texts: GeneratedText[] = [];
    const looping = (async () => {
      for await (const text of generate(model, { nsamples: 1000, length: 10 })) {
        texts.push(text);
        if (texts.length === 3) await model.dispose();
      }
    })();
    const waiting = collect(model, { nsamples: 3 });
    await expect(waiting).rejects.toMatchObject(isDisposed);
    await expect(looping).rejects.toMatchObject(isDisposed);
    expect(texts.length).toBeLessThan(9);
  });

  test('is freed at once where an iterator was given up after its first text', async () => {
    const model = await open(2);
    const iterator = generate(model, { nsamples: 1000, length: 10 });
    expect((await iterator.next()).done).toBe(false);
    await model.dispose();
    await expect(iterator.next().then(() => iterator.next())).rejects.toMatchObject(isDisposed);
  });
});

test('the last text of a call frees the model for the next, also where nobody asks for more', async () => {
  const model = await open(2);
  const first = await generate(model, { length: 10 }).next();
  expect(first.done).toBe(false);
  expect(await collect(model, { nsamples: 3 })).toHaveLength(3);
  await model.dispose();
});

test('a session that is disposed of runs no step', async () => {
  const model = await open(2);
  const { session } = await model.acquire();
  const token = Int32Array.of(1);
  await session.prefill(token, 1);
  await Promise.all([session.dispose(), session.dispose()]);
  await expect(session.prefill(token, 1)).rejects.toMatchObject({ code: 'session-disposed' });
});

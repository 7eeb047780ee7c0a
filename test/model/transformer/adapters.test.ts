import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import { createRandom } from '../../../src/common/random.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime/cpu-engine.js';
import { ContinuousBatch } from '../../../src/model/generation/continuous-batch.js';
import type { GenerationOptions } from '../../../src/model/generation/generation-options.js';
import { GenerationRequest, generateTexts } from '../../../src/model/generation/generation-request.js';
import { restrictedTokenizer } from '../../../src/model/tokenizer/restricted.js';
import { type Adapter, adapterBytes, decodeAdapter } from '../../../src/model/transformer/adapters.js';
import { type DecodeSession, openDecodeSession } from '../../../src/model/transformer/decode-session.js';
import { loraSpecifications, mergedWithLora } from '../../../src/model/transformer/lora.js';
import {
  createParameterStore,
  initializeParameters,
  type ParameterStore,
  parameterSpecifications,
} from '../../../src/model/transformer/parameters.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';

const tokenizer = restrictedTokenizer(['What would a llama say to the moon at night?']);
const engine = createOnnxRuntimeEngine();
const [slots, capacity, rank] = [5, 24, 4];
/** Heads of 5 channels, which the cache pads to 8. */
const configuration = {
  vocabularySize: tokenizer.vocabularySize,
  contextLength: capacity,
  width: 20,
  layers: 2,
  heads: 4,
  layerNormEpsilon: 1e-5,
};

const base = createParameterStore(parameterSpecifications(configuration));
initializeParameters(base, 1);
for (const [index, value] of base.flat.entries()) base.flat[index] = value * 6;

/** Factors that change what the model says. */
function factorsOf(seed: number, ownRank: number): ParameterStore {
  const store = createParameterStore(loraSpecifications(configuration, ownRank));
  const random = createRandom(seed, 'factors');
  for (const index of store.flat.keys()) store.flat[index] = 0.3 * random.normal();
  return store;
}

/** Three models of one base, of different ranks; their adapters, and their own weights. */
const trained = [4, 1, 3].map((ownRank, index) => ({ ownRank, store: factorsOf(index, ownRank) }));
const adapters: readonly (Adapter | undefined)[] = [
  ...trained.map(({ ownRank, store }) => decodeAdapter(configuration, store.views, ownRank, rank)),
  undefined,
];
const merged = [
  ...trained.map(({ store }) => ({
    ...base,
    views: new Map(base.specifications.map(({ name }) => [name, mergedWithLora(base, store, name)])),
  })),
  base,
];

const options: GenerationOptions = {
  seed: 3,
  nsamples: 4,
  length: 12,
  temperature: 0.9,
  topK: 0,
  topP: 0,
  delimiters: 'token',
  prefix: 'What',
} as GenerationOptions;

/** What a model says alone, with its adapter merged into its weights. */
async function alone(store: ParameterStore, own: GenerationOptions): Promise<string[]> {
  const session = await openDecodeSession(engine, configuration, storedWeights(store), { slots, capacity });
  const texts: string[] = [];
  for await (const { index, text } of generateTexts(session, tokenizer, own, silentContext))
    texts[index] = text;
  await session.dispose();
  return texts;
}

let session: DecodeSession;
beforeAll(async () => {
  session = await openDecodeSession(engine, configuration, storedWeights(base), {
    slots,
    capacity,
    adapterRank: rank,
  });
});
afterAll(() => session.dispose());

/** What all models say at the same time, their texts in slots side by side. */
async function together(wishes: readonly GenerationOptions[]): Promise<string[][]> {
  const batch = new ContinuousBatch(session);
  const texts: string[][] = wishes.map(() => []);
  const mixes: number[] = [];
  const requests = wishes.map((wish, model) => {
    const listener = {
      onText: ({ index, text }: { index: number; text: string }) => {
        texts[model]![index] = text;
      },
      onEnd: (error?: unknown) => expect(error).toBeUndefined(),
    };
    return new GenerationRequest(session, tokenizer, wish, listener, { adapter: adapters[model] });
  });
  for (const request of requests) batch.add(request);
  while (!batch.idle) {
    await batch.step();
    mixes.push(requests.filter((request) => request.slots > 0).length);
  }
  // Most steps are of several models at once.
  expect(mixes.filter((models) => models > 1).length).toBeGreaterThan(mixes.length / 2);
  return texts;
}

describe('adapters of one base model, in the slots of one decoder', () => {
  it.each([
    ['greedily', { temperature: 0, nsamples: 2 }],
    ['drawn by seed', {}],
    ['with top-k and a prompt of their own', { topK: 7, prefix: 'a llama' }],
  ])('say what each says alone, merged: %s', async (_, more) => {
    const wishes = adapters.map((__, model) => ({ ...options, seed: 10 + model, ...more }));
    const expected = await Promise.all(merged.map((store, model) => alone(store, wishes[model]!)));
    expect(await together(wishes)).toEqual(expected);
    expect(new Set(expected.map((texts) => texts[0])).size).toBe(adapters.length);
  });

  it('give the scores of the merged weights', async () => {
    const tokens = Int32Array.from(tokenizer.encode('What would a llama say'));
    for (const [index, adapter] of adapters.entries()) {
      const own = await openDecodeSession(engine, configuration, storedWeights(merged[index]!), {
        slots,
        capacity,
      });
      const wanted = await own.prefill(tokens, 1);
      const { scores } = await session.prefill(tokens, 1, undefined, adapter);
      for (const [token, logit] of wanted.scores.logits.entries())
        expect(scores.logits[token]).toBeCloseTo(logit, 3);
      await own.dispose();
    }
  });

  it('take the bytes of their factors alone', () => {
    const { width, layers } = configuration;
    // Heads of 5 channels take 8: queries, keys and values of 4 heads 96, and as many rows of the projection after them 32.
    const perLayer = (width + 96 + (32 + width) + (width + 4 * width) + (4 * width + width)) * rank;
    expect(adapterBytes(configuration, rank)).toBe(4 * layers * perLayer);
    const factors = [...adapters[0]!.factors.values()];
    expect(factors.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBe(
      adapterBytes(configuration, rank),
    );
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import {
  type DecodeSession,
  openDecodeSession,
  type TransformerPromptCache,
} from '../../../src/model/transformer/decode-session.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import { precisions } from '../../../src/options/choices.js';
import { deviceUnderTest, testEngine as engine, hasFloat16 } from '../test-engine.js';
import { forwardLogits } from './forward-logits.js';
import { oracle, oracleParameters, relativeError } from './oracle.js';

const { configuration } = oracle;
const { vocabularySize, contextLength: capacity } = configuration;
const open = (slots: number, sizes = { capacity }): Promise<DecodeSession<TransformerPromptCache>> =>
  openDecodeSession(engine, configuration, storedWeights(oracleParameters()), { slots, ...sizes });
let session: DecodeSession<TransformerPromptCache>;

beforeAll(async () => {
  session = await open(3);
});
afterAll(() => session.dispose());

const greedyToken = (logits: Float32Array): number => logits.indexOf(Math.max(...logits));

const rowOf = (values: Float32Array, row: number): Float32Array =>
  values.slice(row * vocabularySize, (row + 1) * vocabularySize);

const random = createRandom(5, 'texts');
const text = (length: number): number[] => Array.from({ length }, () => random.integer(vocabularySize));

/** Logits after the last token of a text. */
async function uncachedLast(tokens: readonly number[]): Promise<Float32Array> {
  return rowOf(await forwardLogits(configuration, oracleParameters(), tokens), tokens.length - 1);
}

/** One step of the first slots, at temperature 1. */
async function step(tokens: readonly number[], lengths: readonly number[]) {
  return session.step({
    tokens: Int32Array.from(tokens),
    lengths: Int32Array.from(lengths),
    temperatures: new Float32Array(tokens.length).fill(1),
  });
}

describe('decoding with a key/value cache', () => {
  it('continues greedily as Hugging Face generate does, token for token', async () => {
    for (const { prompt, continuation } of oracle.greedy) {
      const cache = await session.prefill(Int32Array.from(prompt), 1);
      session.fill(0, cache);
      const tokens = [greedyToken(cache.scores.logits)];
      while (tokens.length < continuation.length) {
        const { logits } = await step([tokens.at(-1)!], [prompt.length + tokens.length - 1]);
        tokens.push(greedyToken(rowOf(logits, 0)));
      }
      expect(tokens).toEqual(continuation);
    }
  });

  it('gives the logits of the whole text at once, in slots of different lengths, refilled', async () => {
    const texts = [text(20), text(9), text(14)];
    const lengths = [1, 4, 2];
    for (const [slot, tokens] of texts.entries()) {
      session.fill(slot, await session.prefill(Int32Array.from(tokens.slice(0, lengths[slot])), 1));
    }
    for (let round = 0; round < 15; round++) {
      for (const [slot, tokens] of texts.entries()) {
        if (lengths[slot]! < tokens.length) continue;
        texts[slot] = text(tokens.length);
        lengths[slot] = 3;
        session.fill(slot, await session.prefill(Int32Array.from(texts[slot]!.slice(0, 3)), 1));
      }
      const { logits } = await step(
        texts.map((tokens, slot) => tokens[lengths[slot]!]!),
        lengths,
      );
      for (const [slot, tokens] of texts.entries()) {
        lengths[slot]! += 1;
        const whole = await uncachedLast(tokens.slice(0, lengths[slot]));
        expect(relativeError(rowOf(logits, slot), whole), `round ${round}, slot ${slot}`).toBeLessThan(1e-5);
      }
    }
  });

  it('runs prompts longer than there are slots', async () => {
    for (const length of [1, 2, 3, 4, 7, 9, capacity]) {
      const tokens = text(length);
      const { scores } = await session.prefill(Int32Array.from(tokens), 1);
      expect(relativeError(scores.logits, await uncachedLast(tokens)), `${length} tokens`).toBeLessThan(1e-5);
    }
  });

  it('goes on from a text that was moved to another slot', async () => {
    const tokens = text(6);
    session.fill(2, await session.prefill(Int32Array.from(tokens.slice(0, 5)), 1));
    session.move(2, 0, 5);
    const { logits } = await step([tokens[5]!], [5]);
    expect(relativeError(rowOf(logits, 0), await uncachedLast(tokens))).toBeLessThan(1e-5);
  });

  it('gives a slot the same logits whatever the other slots hold', async () => {
    const cache = await session.prefill(Int32Array.of(0, 7, 8), 1);
    const other = await session.prefill(Int32Array.of(0, 3, 3, 3, 3), 1);
    session.fill(0, cache);
    const alone = rowOf((await step([5], [3])).logits, 0);
    session.fill(0, cache);
    session.fill(1, other);
    session.fill(2, other);
    const beside = rowOf((await step([5, 9, 4], [3, 4, 5])).logits, 0);
    // TensorFlow rounds a row's products otherwise among other rows.
    const tolerance = deviceUnderTest?.startsWith('tfjs') ? 1e-6 : 0;
    for (const [token, logit] of alone.entries())
      expect(Math.abs(beside[token]! - logit)).toBeLessThanOrEqual(tolerance);
  });
});

describe('scores', () => {
  it('are divided by each row’s own temperature', async () => {
    const prompt = Int32Array.of(0, 7, 8);
    const plain = await session.prefill(prompt, 0);
    for (const slot of [0, 1, 2]) session.fill(slot, plain);
    const temperatures = Float32Array.of(0, 0.5, 2);
    const { logits } = await session.step({
      tokens: Int32Array.of(5, 5, 5),
      lengths: Int32Array.of(3, 3, 3),
      temperatures,
    });
    const expected = await uncachedLast([0, 7, 8, 5]);
    expect(relativeError(rowOf(logits, 0), expected)).toBeLessThan(1e-5);
    for (const row of [1, 2]) {
      const scaled = expected.map((logit) => logit / temperatures[row]!);
      expect(relativeError(rowOf(logits, row), scaled)).toBeLessThan(1e-5);
    }
  });

  it('have the softmax of the logits as probabilities', async () => {
    const { logits, probabilities } = (await session.prefill(Int32Array.of(0, 4), 0.7)).scores;
    const weights = Array.from(logits, (logit) => Math.exp(logit - Math.max(...logits)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    expect(
      relativeError(
        probabilities,
        weights.map((weight) => weight / total),
      ),
    ).toBeLessThan(1e-5);
  });
});

describe('opening', () => {
  it('refuses a capacity beyond the context', async () => {
    await expect(open(1, { capacity: 33 })).rejects.toThrow(
      "capacity 33 exceeds the model's context of 32 tokens",
    );
  });

  it.runIf(hasFloat16)('in float16 continues greedily as in float32', async () => {
    const sizes = { slots: 3, capacity, precision: 'float16' } as const;
    const half = await openDecodeSession(engine, configuration, storedWeights(oracleParameters()), sizes);
    for (const { prompt, continuation } of oracle.greedy) {
      const cache = await half.prefill(Int32Array.from(prompt), 1);
      half.fill(1, cache);
      half.move(1, 0, prompt.length);
      const tokens = [greedyToken(cache.scores.logits)];
      while (tokens.length < continuation.length) {
        const { logits } = await half.step({
          tokens: Int32Array.of(tokens.at(-1)!),
          lengths: Int32Array.of(prompt.length + tokens.length - 1),
          temperatures: Float32Array.of(1),
        });
        tokens.push(greedyToken(rowOf(logits, 0)));
      }
      expect(tokens).toEqual(continuation);
    }
    await half.dispose();
  });

  it.runIf(!hasFloat16)('in float16 is refused where the engine does not compute in it', async () => {
    const sizes = { slots: 1, capacity, precision: 'float16' } as const;
    const opening = openDecodeSession(engine, configuration, storedWeights(oracleParameters()), sizes);
    await expect(opening).rejects.toThrow(`precision float16 is not available on ${engine.name}: `);
  });

  it('pads heads to the width that the engine attends with', async () => {
    const narrow = { ...configuration, heads: 8 };
    const weights = oracleParameters();
    const tolerances = { float32: 1e-5, float16: 5e-3, int8: 0.03 };
    for (const precision of precisions.filter((name) => name !== 'float16' || hasFloat16)) {
      const sizes = { slots: 1, capacity, precision };
      const own = await openDecodeSession(engine, narrow, storedWeights(weights), sizes);
      const tokens = text(9);
      own.fill(0, await own.prefill(Int32Array.from(tokens.slice(0, 8)), 1));
      const { logits } = await own.step({
        tokens: Int32Array.of(tokens[8]!),
        lengths: Int32Array.of(8),
        temperatures: Float32Array.of(1),
      });
      const whole = await forwardLogits(narrow, weights, tokens);
      expect(relativeError(logits, rowOf(whole, 8)), precision).toBeLessThan(tolerances[precision]);
      await own.dispose();
    }
  });
});

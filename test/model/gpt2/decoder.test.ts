import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime.js';
import type { DecodeSession } from '../../../src/model/generation/contract.js';
import { type Gpt2PromptCache, openDecodeSession } from '../../../src/model/gpt2/decoder.js';
import { oracle, oracleParameters, relativeError } from './oracle.js';

const engine = createOnnxRuntimeEngine({ threads: 2 });
const capacity = oracle.configuration.contextLength;
let session: DecodeSession<Gpt2PromptCache>;

beforeAll(async () => {
  session = await openDecodeSession(engine, oracle.configuration, oracleParameters(), { slots: 3, capacity });
});
afterAll(() => session.dispose());

const greedyToken = (logits: Float32Array): number => logits.indexOf(Math.max(...logits));

const rowOf = (logits: Float32Array, slot: number): Float32Array =>
  logits.slice(slot * session.vocabularySize, (slot + 1) * session.vocabularySize);

describe('decoding with a key/value cache', () => {
  it('continues greedily as Hugging Face generate does, token for token', async () => {
    for (const { prompt, continuation } of oracle.greedy) {
      const cache = await session.prefill(Int32Array.from(prompt));
      session.fill(1, cache);
      const tokens = [greedyToken(cache.logits)];
      while (tokens.length < continuation.length) {
        const lengths = Int32Array.of(0, prompt.length + tokens.length - 1, 0);
        const logits = await session.step(Int32Array.of(0, tokens.at(-1)!, 0), lengths);
        tokens.push(greedyToken(rowOf(logits, 1)));
      }
      expect(tokens).toEqual(continuation);
    }
  });

  it('gives the logits of the whole text at once, in slots of different lengths, refilled', async () => {
    const random = createRandom(5, 'texts');
    const text = (length: number): number[] =>
      Array.from({ length }, () => random.integer(session.vocabularySize));
    const texts = [text(20), text(9), text(14)];
    const lengths = Int32Array.of(1, 4, 2);
    for (const [slot, tokens] of texts.entries()) {
      session.fill(slot, await session.prefill(Int32Array.from(tokens.slice(0, lengths[slot]))));
    }
    for (let round = 0; round < 15; round++) {
      for (const [slot, tokens] of texts.entries()) {
        if (lengths[slot]! < tokens.length) continue;
        texts[slot] = text(tokens.length);
        lengths[slot] = 3;
        session.fill(slot, await session.prefill(Int32Array.from(texts[slot]!.slice(0, 3))));
      }
      const next = Int32Array.from(texts, (tokens, slot) => tokens[lengths[slot]!]!);
      const logits = (await session.step(next, lengths)).slice();
      for (const [slot, tokens] of texts.entries()) {
        lengths[slot]! += 1;
        const whole = await session.prefill(Int32Array.from(tokens.slice(0, lengths[slot])));
        expect(relativeError(rowOf(logits, slot), whole.logits), `round ${round}, slot ${slot}`).toBeLessThan(
          1e-5,
        );
      }
    }
  });

  it('gives a slot the same logits whatever the other slots hold', async () => {
    const cache = await session.prefill(Int32Array.of(0, 7, 8));
    const other = await session.prefill(Int32Array.of(0, 3, 3, 3, 3));
    session.fill(0, cache);
    const alone = rowOf(await session.step(Int32Array.of(5, 0, 0), Int32Array.of(3, 0, 0)), 0);
    session.fill(0, cache);
    session.fill(2, other);
    const beside = rowOf(await session.step(Int32Array.of(5, 9, 4), Int32Array.of(3, 0, 5)), 0);
    expect([...beside]).toEqual([...alone]);
  });

  it('refuses a capacity beyond the context', async () => {
    const opening = openDecodeSession(engine, oracle.configuration, oracleParameters(), {
      slots: 1,
      capacity: 33,
    });
    await expect(opening).rejects.toThrow('capacity 33 exceeds the context length 32');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import {
  type DecodeSession,
  openDecodeSession,
  type TransformerPromptCache,
} from '../../../src/model/transformer/decode-session.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import { testEngine as engine, hasFloat16 } from '../test-engine.js';
import { forwardLogits } from './forward-logits.js';
import { type LlamaOracle, llamaNames, readLlamaOracle } from './llama-oracle.js';
import { relativeError } from './oracle.js';

const slots = 3;
const greedyToken = (logits: Float32Array): number => logits.indexOf(Math.max(...logits));

// Heads of the one have the width that the engine attends with; those of the other are padded, half by half.
describe.each(llamaNames)('decoding a Llama with a cache, %s heads', (name) => {
  let oracle: LlamaOracle;
  let session: DecodeSession<TransformerPromptCache>;

  async function open(precision: 'float32' | 'float16' | 'int8'): Promise<typeof session> {
    const { configuration, parameters } = oracle;
    const sizes = { slots, capacity: configuration.contextLength, precision };
    return openDecodeSession(engine, configuration, storedWeights(await parameters()), sizes);
  }

  beforeAll(async () => {
    oracle = await readLlamaOracle(name);
    session = await open('float32');
  });
  afterAll(() => session.dispose());

  /** Logits after the last token of a text, without a cache. */
  async function wholeText(tokens: readonly number[]): Promise<Float32Array> {
    const { vocabularySize } = oracle.configuration;
    const logits = await forwardLogits(oracle.configuration, await oracle.parameters(), tokens);
    return logits.slice((tokens.length - 1) * vocabularySize);
  }

  const step = async (own: typeof session, tokens: readonly number[], lengths: readonly number[]) => {
    const { vocabularySize } = oracle.configuration;
    const { logits } = await own.step({
      tokens: Int32Array.from(tokens),
      lengths: Int32Array.from(lengths),
      temperatures: new Float32Array(tokens.length).fill(1),
    });
    return tokens.map((_, row) => logits.slice(row * vocabularySize, (row + 1) * vocabularySize));
  };

  it('continues greedily as Hugging Face generate does, token for token', async () => {
    for (const { prompt, continuation } of oracle.greedy) {
      const cache = await session.prefill(Int32Array.from(prompt), 1);
      session.fill(0, cache);
      const tokens = [greedyToken(cache.scores.logits)];
      while (tokens.length < continuation.length) {
        const [logits] = await step(session, [tokens.at(-1)!], [prompt.length + tokens.length - 1]);
        tokens.push(greedyToken(logits!));
      }
      expect(tokens).toEqual(continuation);
    }
  });

  it('gives the logits of the whole text at once, in slots of different lengths, moved', async () => {
    const random = createRandom(5, 'texts');
    const texts = [30, 9, 14].map((length) =>
      Array.from({ length }, () => random.integer(oracle.configuration.vocabularySize)),
    );
    for (const [slot, tokens] of texts.entries())
      session.fill(slot, await session.prefill(Int32Array.from(tokens.slice(0, -1)), 1));
    session.move(2, 1, texts[2]!.length - 1);
    const left = [texts[0]!, texts[2]!];
    const rows = await step(
      session,
      left.map((tokens) => tokens.at(-1)!),
      left.map(({ length }) => length - 1),
    );
    for (const [row, tokens] of left.entries())
      expect(relativeError(rows[row]!, await wholeText(tokens))).toBeLessThan(1e-5);
  });

  const precisions = [
    { precision: 'int8', tolerance: 0.05 },
    ...(hasFloat16 ? [{ precision: 'float16', tolerance: 0.01 } as const] : []),
  ] as const;
  it.runIf(engine.memory === undefined || hasFloat16).each(precisions)(
    'comes near to it in $precision',
    async ({ precision, tolerance }) => {
      if (precision === 'int8' && engine.memory !== undefined) return;
      const own = await open(precision);
      const { text } = oracle;
      own.fill(0, await own.prefill(Int32Array.from(text.slice(0, -1)), 1));
      const [logits] = await step(own, [text.at(-1)!], [text.length - 1]);
      expect(relativeError(logits!, await wholeText(text))).toBeLessThan(tolerance);
      await own.dispose();
    },
  );
});

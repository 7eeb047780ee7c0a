import { expect, test } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import {
  type GenerationOptions,
  generationDefaults,
} from '../../../src/model/generation/generation-options.js';
import { generateTexts } from '../../../src/model/generation/generation-request.js';
import type { GeneratedText } from '../../../src/model/generation/sequence.js';
import { openDecodeSession } from '../../../src/model/transformer/decode-session.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import { testEngine } from '../test-engine.js';
import { oracle, oracleParameters } from '../transformer/oracle.js';
import { tokenizerOf } from './markov-model.js';

const { configuration } = oracle;
/** Token i is the character U+0100 + i. */
const characters = Array.from({ length: configuration.vocabularySize - 1 }, (_, id) =>
  String.fromCharCode(256 + id),
);
const tokenizer = tokenizerOf(...characters);

async function generate(slots: number, options: Partial<GenerationOptions>): Promise<GeneratedText[]> {
  const session = await openDecodeSession(testEngine, configuration, storedWeights(oracleParameters()), {
    slots,
    capacity: configuration.contextLength,
  });
  const texts: GeneratedText[] = [];
  const all = { ...generationDefaults, length: 12, ...options };
  try {
    for await (const text of generateTexts(session, tokenizer, all, silentContext)) texts.push(text);
  } finally {
    await session.dispose();
  }
  return texts.sort((a, b) => a.index - b.index);
}

test.each<Partial<GenerationOptions>>([
  {},
  { topK: 20, topP: 0.9, temperature: 1, prefix: characters.slice(5, 9).join('') },
])('GPT-2 gives the same texts whatever the number of slots: %o', async (part) => {
  const options = { seed: 4, nsamples: 12, ...part };
  const alone = await generate(1, options);
  expect(new Set(alone.map(({ text }) => text)).size).toBeGreaterThan(10);
  expect(await generate(5, options)).toEqual(alone);
  expect(await generate(12, options)).toEqual(alone);
});

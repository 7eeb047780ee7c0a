import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import { generationDefaults } from '../../../src/model/generation/generation-options.js';
import { generateTexts } from '../../../src/model/generation/generation-request.js';
import { openDecodeSession } from '../../../src/model/transformer/decode-session.js';
import type { ParameterStore } from '../../../src/model/transformer/parameters.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import { testEngine } from '../test-engine.js';
import { oracle, oracleParameters } from '../transformer/oracle.js';
import { tokenizerOf } from './markov-model.js';

/** What test/oracles/generation/make_fixture.py wrote. */
interface GreedyOracle {
  readonly blockScale: number;
  readonly positionScale: number;
  readonly endLike: number;
  readonly endScale: number;
  readonly newTokens: number;
  readonly texts: readonly { prompt: number[]; continuation: number[]; stopped: boolean }[];
}

const path = new URL('../../oracles/generation/greedy.json', import.meta.url);
const fixture = JSON.parse(readFileSync(path, 'utf8')) as GreedyOracle;
const { configuration } = oracle;
const endToken = configuration.vocabularySize - 1;
/** Token i is the character U+0100 + i. */
const characters = Array.from({ length: endToken }, (_, id) => String.fromCharCode(256 + id));
const textOf = (tokens: readonly number[]): string => tokens.map((token) => characters[token]).join('');

/** The parameters as the script changed them. */
function fixtureParameters(): ParameterStore {
  const store = oracleParameters();
  for (const { name, shape } of store.specifications) {
    const factor = name.startsWith('h.') && shape.length === 2 ? fixture.blockScale : 1;
    const values = store.views.get(name)!;
    for (const [index, value] of values.entries()) values[index] = value * factor;
  }
  const positions = store.views.get('wpe.weight')!;
  for (const [index, value] of positions.entries()) positions[index] = value * fixture.positionScale;
  const embedding = store.views.get('wte.weight')!;
  const { width } = configuration;
  for (let channel = 0; channel < width; channel++) {
    const value = embedding[fixture.endLike * width + channel]!;
    embedding[endToken * width + channel] = value * fixture.endScale;
  }
  return store;
}

test.each([1, 7, 64])(
  'greedy texts of 200 prompts are those of Hugging Face generate, token for token, in %i slots',
  async (slots) => {
    const session = await openDecodeSession(testEngine, configuration, storedWeights(fixtureParameters()), {
      slots,
      capacity: configuration.contextLength,
    });
    const options = {
      ...generationDefaults,
      temperature: 0,
      length: fixture.newTokens,
      prefixes: fixture.texts.map(({ prompt }) => textOf(prompt.slice(1))),
      includePrefix: false,
    };
    const texts: unknown[] = [];
    const generated = generateTexts(session, tokenizerOf(...characters), options, silentContext);
    for await (const { index, text, finishReason } of generated) texts[index] = { text, finishReason };
    await session.dispose();
    const expected = fixture.texts.map(({ continuation, stopped }) => ({
      text: textOf(continuation),
      finishReason: stopped ? 'stop' : 'length',
    }));
    expect(fixture.texts).toHaveLength(200);
    expect(texts).toEqual(expected);
  },
);

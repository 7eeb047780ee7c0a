import { expect, test } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import {
  type GenerationOptions,
  generationDefaults,
  validateGenerationOptions,
} from '../../../src/model/generation/generation-options.js';
import { generateTexts } from '../../../src/model/generation/generation-request.js';
import { recital, sessionOf, tokenizerOf } from './markov-model.js';

const wrong: [Partial<GenerationOptions>, string][] = [
  [{ temperature: -1 }, '--temperature got -1, which is not a number from 0 to 100.'],
  [{ temperature: Number.NaN }, '--temperature got NaN, which is not a number from 0 to 100.'],
  [{ temperature: Number.POSITIVE_INFINITY }, '--temperature got Infinity'],
  [{ topK: -1 }, '--top-k got -1, which is not a whole number from 0 to 1000000.'],
  [{ topK: 1.5 }, '--top-k got 1.5'],
  [{ topP: 1.1 }, '--top-p got 1.1, which is not a number from 0 to 1.'],
  [{ minP: -0.1 }, '--min-p got -0.1, which is not a number from 0 to 1.'],
  [{ typicalP: 2 }, '--typical-p got 2, which is not a number from 0 to 1.'],
  [{ repetitionPenalty: 0 }, '--repetition-penalty got 0, which is not a number from 0.01 to 10.'],
  [{ presencePenalty: 3 }, '--presence-penalty got 3, which is not a number from -2 to 2.'],
  [{ frequencyPenalty: -3 }, '--frequency-penalty got -3, which is not a number from -2 to 2.'],
  [
    { logitBias: { 5: 101 } },
    '--logit-bias got an object, which is not a list of token ids, each once, with biases',
  ],
  [{ logitBias: { the: 1 } }, '--logit-bias got an object'],
  [{ nsamples: 0 }, '--nsamples got 0, which is not a whole number from 1 to '],
  [{ length: 0 }, '--length got 0'],
  [{ seed: 0.5 }, '--seed got 0.5, which is not a whole number from '],
  [{ truncate: '' }, '--truncate got ""'],
  [{ truncate: '\ud83d' }, '--truncate got "\\ud83d", which holds half a character'],
  [{ prefix: 'a\udc4d' }, '--prefix got "a\\udc4d"'],
];

test.each(wrong)('%o is refused, the flag named', (part, message) => {
  const options = { ...generationDefaults, ...part };
  expect(() => validateGenerationOptions(options)).toThrow(message);
});

test('a bias for a token that the model does not have is refused before any work', async () => {
  const session = sessionOf(recital(2, [0]), { slots: 1 });
  const options = { ...generationDefaults, logitBias: { 1: 2, 2: 1 } };
  const texts = generateTexts(session, tokenizerOf('a'), options, silentContext);
  await expect(texts.next()).rejects.toThrow(
    "--logit-bias names token 2, but the model's tokens are 0 to 1.",
  );
  expect(session.calls.prompts).toEqual([]);
});

test('wrong options are refused before any work', async () => {
  const session = sessionOf(recital(2, [0]), { slots: 1 });
  const texts = generateTexts(
    session,
    tokenizerOf('a'),
    { ...generationDefaults, temperature: -1 },
    silentContext,
  );
  await expect(texts.next()).rejects.toMatchObject({ code: 'usage' });
  expect(session.calls.prompts).toEqual([]);
});

test('defaults and bounds are accepted', () => {
  const accepted: Partial<GenerationOptions>[] = [
    {},
    { temperature: 0, topK: 50_257, topP: 1, seed: -3, length: 1, nsamples: 1 },
    { prefix: '', truncate: '👍' },
  ];
  for (const part of accepted) validateGenerationOptions({ ...generationDefaults, ...part });
});

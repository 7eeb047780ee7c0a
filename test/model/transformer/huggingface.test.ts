import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import { createRandom } from '../../../src/common/random.js';
import { restrictedTokenizer } from '../../../src/model/tokenizer/restricted.js';
import { nanoConfiguration } from '../../../src/model/transformer/configuration.js';
import { createParameterStore, parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import { writeModelDescription, writeWeights } from '../../../src/model/weights/checkpoint.js';
import { resolveModel } from '../../../src/model/weights/resolve-model.js';
import { oraclePython, runOracle } from '../../oracles/python.js';
import { fixtureFolder, temporaryFolder } from './fixtures.js';
import { forwardLogits } from './forward-logits.js';
import { llamaFolder, llamaNames } from './llama-oracle.js';

const texts = ['What small habit changed your life?', "  Two  spaces, don't \ttab", 'Ünïcode 🐈‍⬛'];

interface Answers {
  readonly class: string;
  readonly endOfTextId: number;
  readonly problems: Record<string, string[]>;
  readonly answers: readonly { tokens: number[]; decoded: string; logits: number[] }[];
  readonly greedy: number[];
}

/** Questions and answers by folder. */
const askHuggingFace = async (questions: Record<string, string[]>): Promise<Record<string, Answers>> =>
  JSON.parse(await runOracle('weights/open_checkpoint.py', [JSON.stringify(questions)])) as Record<
    string,
    Answers
  >;

/** Largest difference between our logits and theirs. @param leftOut a token whose logits are not compared. */
async function largestDifference(folder: string, answers: Answers, leftOut?: number): Promise<number> {
  const { configuration, tokenizer, weights } = await resolveModel(folder, silentContext);
  const { endOfTextId, vocabularySize } = tokenizer;
  let largest = 0;
  for (const { tokens, logits } of answers.answers) {
    const own = await forwardLogits(configuration, weights, [endOfTextId, ...tokens]);
    expect(own).toHaveLength(logits.length);
    for (const [index, expected] of logits.entries()) {
      if (index % vocabularySize !== leftOut) largest = Math.max(largest, Math.abs(own[index]! - expected));
    }
  }
  return largest;
}

const saved = ['float32', 'float16', 'bfloat16', 'sharded', 'bare'].map(fixtureFolder);

describe.skipIf(oraclePython === undefined)('Hugging Face transformers', () => {
  const folder = join(temporaryFolder(), 'checkpoint');
  const tokenizer = restrictedTokenizer(['What small habit changed your life?', 'Why do cats purr?']);
  const configuration = nanoConfiguration(tokenizer.vocabularySize);
  const llamas = { grouped: join(temporaryFolder(), 'model'), wide: join(temporaryFolder(), 'model') };
  let all: Record<string, Answers>;
  let answers: Answers;
  beforeAll(async () => {
    const store = createParameterStore(parameterSpecifications(configuration));
    const random = createRandom(11, 'weights');
    // Large enough that attention is far from even, and logits are far apart.
    for (let index = 0; index < store.flat.length; index++) store.flat[index] = 0.3 * random.normal();
    await writeModelDescription(folder, configuration, tokenizer);
    await writeWeights(folder, configuration, (name) => store.views.get(name)!);
    for (const name of llamaNames) {
      const llama = await resolveModel(llamaFolder(name), silentContext);
      await writeModelDescription(llamas[name], llama.configuration, llama.tokenizer);
      await writeWeights(llamas[name], llama.configuration, (own) => llama.weights.views.get(own)!);
    }
    const others = [...saved, ...Object.values(llamas)].map((path) => [path, ['the 7 the']]);
    const questions = [[folder, texts], ...others];
    all = await askHuggingFace(Object.fromEntries(questions) as Record<string, string[]>);
    answers = all[folder]!;
  });

  test('opens a checkpoint as it is: every tensor used, none missing', () => {
    expect(answers.class).toBe('GPT2LMHeadModel');
    expect(answers.problems).toEqual({});
    expect(answers.endOfTextId).toBe(tokenizer.endOfTextId);
  });

  test('gives our tokens, and our logits to 1e-4', async () => {
    for (const [index, { tokens, decoded }] of answers.answers.entries()) {
      expect(tokens).toEqual(tokenizer.encode(texts[index]!));
      expect(decoded).toBe(texts[index]);
    }
    const scale = Math.max(...answers.answers[0]!.logits.map(Math.abs));
    const largest = await largestDifference(folder, answers);
    console.info(`Logits up to ${scale.toFixed(1)} differ by ${largest.toExponential(1)} at most.`);
    expect(largest).toBeLessThan(1e-4);
  });

  test('generates from it', () => {
    expect(answers.greedy.length).toBeGreaterThan(1);
    expect(answers.greedy.every((token) => token < tokenizer.vocabularySize)).toBe(true);
  });

  test.each(saved)('gives the logits of ours for what it saved itself: %s', async (path) => {
    // Token 1 has values of 65,504 on purpose; its logits are left out.
    expect(await largestDifference(path, all[path]!, 1)).toBeLessThan(1e-4);
  });

  test.each(llamaNames)('opens a Llama that we wrote as it is, and gives our logits: %s', async (name) => {
    const answers = all[llamas[name]]!;
    expect(answers.class).toBe('LlamaForCausalLM');
    expect(answers.problems).toEqual({});
    const { tokenizer } = await resolveModel(llamas[name], silentContext);
    expect(answers.answers.map(({ tokens }) => tokens)).toEqual([tokenizer.encode('the 7 the')]);
    expect(await largestDifference(llamas[name], answers)).toBeLessThan(1e-4);
  });
});

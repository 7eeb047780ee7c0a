import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { restrictedTokenizer } from '../../src/model/tokenizer/restricted.js';
import { startOf } from '../../src/model/tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../../src/model/transformer/configuration.js';
import {
  createParameterStore,
  type ParameterStore,
  parameterSpecifications,
} from '../../src/model/transformer/parameters.js';
import { writeModelDescription, writeWeights } from '../../src/model/weights/checkpoint.js';
import { resolveModel } from '../../src/model/weights/resolve-model.js';
import { type GgufType, ggufTypes } from '../../src/options/choices.js';
import { exportModel } from '../../src/pipeline/export-model.js';
import { temporaryFolder } from '../model/transformer/fixtures.js';
import { FormulaWeights } from '../model/transformer/formula-weights.js';
import { forwardLogits } from '../model/transformer/forward-logits.js';
import { llamaFolder } from '../model/transformer/llama-oracle.js';

/** A folder whose node_modules have node-llama-cpp. */
const home = process.env['TITLESMITH_LLAMA_CPP'] || undefined;
if (home === undefined)
  console.info('Tests with llama.cpp are skipped: TITLESMITH_LLAMA_CPP names no folder with node-llama-cpp.');

interface Answer {
  readonly ids: readonly (readonly number[])[];
  readonly continuations: readonly (readonly number[])[];
  readonly bos: number;
  readonly eos: number;
  readonly shouldPrependBosToken: boolean;
}

async function ask(path: string, request: object): Promise<Answer> {
  const script = join(packageRoot, 'test/interoperability/llama-cpp.mjs');
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [script, home!, path], (error, stdout) => {
      if (error) reject(error);
      else resolve(JSON.parse(stdout) as Answer);
    });
    child.stdin!.end(JSON.stringify(request));
  });
}

const folder = temporaryFolder();

/** A real Llama, where .ci/install-test-tools has fetched it. */
const smollm2 = join(packageRoot, '.cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf');

/** A GPT-2 whose rows are blocks of Q8_0, with weights far enough apart that a greedy text is no matter of rounding. */
async function smallGpt2(): Promise<string> {
  const path = join(folder, 'gpt2');
  const tokenizer = restrictedTokenizer(lines);
  const { vocabularySize } = tokenizer;
  const configuration: TransformerConfiguration = {
    vocabularySize,
    contextLength: 64,
    width: 64,
    layers: 2,
    heads: 4,
    layerNormEpsilon: 1e-5,
  };
  const store = createParameterStore(parameterSpecifications(configuration));
  new FormulaWeights(configuration).fill(store);
  for (const [name, view] of store.views) {
    if (name.endsWith('.weight') && !name.includes('ln_'))
      for (let index = 0; index < view.length; index++) view[index]! *= 6;
  }
  await writeModelDescription(path, configuration, tokenizer);
  await writeWeights(path, configuration, (name) => store.views.get(name)!);
  return path;
}

/** Titles in many scripts, numbers, contractions and white space of every kind. */
const lines = (
  JSON.parse(readFileSync(join(packageRoot, 'test/oracles/tokenizer/fixture.json'), 'utf8')) as {
    readonly lines: readonly string[];
  }
).lines.filter((line) => line !== '' && !line.includes('\0'));

/**
 * llama.cpp keeps keys and values in float16, and quantises what matrices of 8 bits multiply to 8 bits too. Where two tokens
 * are that near, in standard deviations of the logits, either may be the likelier one.
 */
const nearness: Readonly<Record<GgufType, number>> = { f32: 0.01, f16: 0.01, q8_0: 0.1 };

/** Share of tokens that are our likeliest themselves. */
const fewestExact: Readonly<Record<GgufType, number>> = { f32: 0.99, f16: 0.99, q8_0: 0.9 };

/** Checks that each token is the likeliest by our own model, or as good as that. @returns how many were exactly. */
async function expectGreedy(
  configuration: TransformerConfiguration,
  weights: ParameterStore,
  prompt: readonly number[],
  tokens: readonly number[],
  type: GgufType,
): Promise<number> {
  const { vocabularySize } = configuration;
  const all = await forwardLogits(configuration, weights, [...prompt, ...tokens]);
  let exact = 0;
  for (const [index, token] of tokens.entries()) {
    const start = (prompt.length + index - 1) * vocabularySize;
    const logits = all.subarray(start, start + vocabularySize);
    const most = Math.max(...logits);
    const deviation = Math.sqrt(logits.reduce((sum, logit) => sum + logit ** 2, 0) / vocabularySize);
    expect((most - logits[token]!) / deviation).toBeLessThan(nearness[type]);
    if (logits[token] === most) exact++;
  }
  return exact;
}

async function exported(model: string, ggufType: GgufType): Promise<string> {
  const output = join(folder, `${model.split('/').at(-1)}-${ggufType}`);
  await exportModel({ model, format: 'gguf', ggufType, output });
  return join(output, 'model.gguf');
}

describe.skipIf(!home)('an exported GGUF in llama.cpp', () => {
  const small = 12;
  const models: readonly (readonly [string, () => Promise<string>, readonly GgufType[], number])[] = [
    ['a GPT-2', smallGpt2, ggufTypes, small],
    ['a Llama', async () => llamaFolder('grouped'), ggufTypes, small],
    ['a Llama with an output layer and scaled positions', async () => llamaFolder('wide'), ggufTypes, small],
    ['the base model', async () => 'base', ggufTypes, 6],
    ...(existsSync(smollm2) ? [['SmolLM2', async () => smollm2, ['f16', 'q8_0'], 6] as const] : []),
  ];

  const title = 'generates greedily what our own model does, and has its tokens: %s';
  test.each(models)(title, async (_, make, types, texts) => {
    const source = await make();
    for (const type of types) {
      const path = await exported(source, type);
      // Ours, of the same rounded weights.
      const { configuration, tokenizer, weights } = await resolveModel(path);
      const ids = lines.map((line) => tokenizer.encode(line));
      const start = startOf(tokenizer);
      const prompts = [[start], ...ids.filter(({ length }) => length > 3 && length < 24).slice(0, texts - 1)];
      const length = 24;
      const answer = await ask(path, { texts: lines, prompts, length });
      for (const [index, line] of lines.entries())
        expect(answer.ids[index], JSON.stringify(line)).toEqual(ids[index]);
      expect(answer).toMatchObject({
        bos: start,
        eos: tokenizer.endOfTextId,
        shouldPrependBosToken: true,
      });
      let [exact, generated] = [0, 0];
      for (const [index, prompt] of prompts.entries()) {
        const tokens = answer.continuations[index]!;
        expect(tokens.at(-1) === tokenizer.endOfTextId || tokens.length === length).toBe(true);
        exact += await expectGreedy(configuration, weights, prompt, tokens, type);
        generated += tokens.length;
      }
      expect(exact / generated).toBeGreaterThan(fewestExact[type]);
    }
  });
});

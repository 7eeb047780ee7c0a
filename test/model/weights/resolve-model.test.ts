import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import { parseConfiguration } from '../../../src/model/transformer/configuration-file.js';
import { writeModelDescription, writeWeights } from '../../../src/model/weights/checkpoint.js';
import { loadTokenizer } from '../../../src/model/weights/load-tokenizer.js';
import { locateModel, resolveModel } from '../../../src/model/weights/resolve-model.js';
import {
  copyOfFixture,
  expectedParameters,
  fixtureConfiguration,
  fixtureFolder,
  temporaryFolder,
} from '../transformer/fixtures.js';

const resolve = (folder: string) => resolveModel(folder, silentContext);

describe('a folder', () => {
  test('of Hugging Face files', async () => {
    const model = await resolve(fixtureFolder('bfloat16'));
    expect(model.configuration).toEqual(await fixtureConfiguration());
    expect(model.tokenizer.decode(model.tokenizer.encode('the theory'))).toBe('the theory');
    expect(model.weights.views.get('wpe.weight')).toEqual(
      (await expectedParameters('bfloat16')).get('wpe.weight'),
    );
    expect(model.source.description).toMatch(/bfloat16, Hugging Face files, sha256 [0-9a-f]{8}$/);
    expect(model.source.missingBytes).toBe(0);
  });

  test('that titlesmith wrote, and the run around it', async () => {
    const run = temporaryFolder();
    const checkpoint = join(run, 'checkpoint');
    const parameters = await expectedParameters('float32');
    const configuration = await fixtureConfiguration();
    await writeModelDescription(checkpoint, configuration, await loadTokenizer(fixtureFolder('float32')));
    await writeWeights(checkpoint, configuration, (name) => parameters.get(name)!);
    for (const folder of [checkpoint, run]) {
      const model = await resolve(folder);
      expect(Object.fromEntries(model.weights.views)).toEqual(Object.fromEntries(parameters));
      expect(model.configuration).toEqual(configuration);
    }
  });

  test('is told from another by its files, not by its place', async () => {
    const located = await locateModel(fixtureFolder('float32'));
    const copy = copyOfFixture('float32');
    expect((await locateModel(copy)).hash).toBe(located.hash);
    const path = join(copy, 'model.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    expect((await locateModel(copy)).hash).not.toBe(located.hash);
  });

  test('with an embedding larger than its tokenizer: the rows no token has are kept, as ids without a text', async () => {
    const folder = copyOfFixture('float32');
    const [large, small] = [fixtureFolder('float32'), temporaryFolder()];
    mkdirSync(small, { recursive: true });
    const vocabulary = JSON.parse(readFileSync(join(large, 'vocab.json'), 'utf8')) as Record<string, number>;
    delete vocabulary['Ġthe'];
    vocabulary['<|endoftext|>'] = 258;
    writeFileSync(join(folder, 'vocab.json'), JSON.stringify(vocabulary));
    writeFileSync(join(folder, 'merges.txt'), '#version: 0.2\nt h\nth e\n');
    const model = await resolve(folder);
    expect(model.configuration.vocabularySize).toBe(260);
    expect(model.tokenizer.vocabularySize).toBe(260);
    expect(model.tokenizer.decode([256, 259])).toBe('th');
    const whole = (await expectedParameters('float32')).get('wte.weight')!;
    expect(model.weights.views.get('wte.weight')).toEqual(whole);
  });
});

describe('a folder is refused in one line', () => {
  test.each([
    ['config.json', /holds no model: there is no config\.json/],
    ['vocab.json', /has no vocab\.json/],
    ['merges.txt', /has no merges\.txt/],
    ['*', /has no tokenizer\.json/],
    ['model.safetensors', /has no model\.safetensors/],
  ])('without %s', async (name, pattern) => {
    const folder = copyOfFixture('float16');
    const names = name === '*' ? ['vocab.json', 'merges.txt'] : [name];
    for (const each of names) rmSync(join(folder, each));
    await expect(locateModel(folder)).rejects.toThrow(pattern);
  });

  test('that is a file', async () => {
    await expect(locateModel(join(fixtureFolder('float16'), 'config.json'))).rejects.toThrow(
      /is a file; a model is a folder/,
    );
  });

  test('whose tokenizer has more tokens than the model', async () => {
    const folder = copyOfFixture('float16');
    const path = join(folder, 'config.json');
    const file = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify({ ...file, vocab_size: 258 }));
    await expect(resolve(folder)).rejects.toThrow(/the tokenizer has 260 tokens, the model only 258/);
  });

  test('whose weights belong to another configuration', async () => {
    const folder = copyOfFixture('sharded');
    cpSync(join(fixtureFolder('float16'), 'model.safetensors'), join(folder, 'model.safetensors'));
    const path = join(folder, 'config.json');
    const file = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify({ ...file, n_positions: 32 }));
    await expect(resolve(folder)).rejects.toThrow(
      /wpe\.weight has shape \[16,8\], config\.json asks for \[32,8\]/,
    );
  });
});

describe('config.json', () => {
  const file = JSON.parse(readFileSync(join(fixtureFolder('float32'), 'config.json'), 'utf8')) as object;
  const parse = (changed: Record<string, unknown>) =>
    parseConfiguration(JSON.stringify({ ...file, ...changed }), 'config.json');

  test.each<[Record<string, unknown>, RegExp]>([
    [{ model_type: 'opt' }, /model_type is "opt", neither "gpt2" nor "llama"/],
    [{ activation_function: 'relu' }, /activation_function "relu" is not supported, only "gelu_new"/],
    [{ n_inner: 64 }, /n_inner 64 is not supported/],
    [{ add_cross_attention: true }, /add_cross_attention true is not supported/],
    [{ scale_attn_weights: false }, /scale_attn_weights false/],
    [{ scale_attn_by_inverse_layer_idx: true }, /scale_attn_by_inverse_layer_idx true/],
    [{ tie_word_embeddings: false }, /tie_word_embeddings false/],
    [{ n_embd: 9 }, /n_embd 9 is not a multiple of n_head 2/],
    [{ n_layer: 0 }, /n_layer must be a whole number from 1/],
    [{ n_positions: 1e9 }, /n_positions must be a whole number/],
    [{ vocab_size: '260' }, /vocab_size must be a whole number/],
    [{ layer_norm_epsilon: 'x' }, /layer_norm_epsilon must be a positive number/],
  ])('%j', (changed, pattern) => {
    expect(() => parse(changed)).toThrow(pattern);
  });

  test('settings that say what is meant anyway', async () => {
    const said = { n_inner: 32, activation_function: 'gelu_pytorch_tanh', reorder_and_upcast_attn: true };
    expect(parse(said)).toEqual(await fixtureConfiguration());
  });
});

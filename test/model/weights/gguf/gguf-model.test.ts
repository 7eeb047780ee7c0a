import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../../src/io/package-root.js';
import { startOf } from '../../../../src/model/tokenizer/tokenizer.js';
import { GgufFile } from '../../../../src/model/weights/gguf/gguf-file.js';
import { tensorNames } from '../../../../src/model/weights/gguf/tensor-names.js';
import { openForGeneration } from '../../../../src/model/weights/open-for-generation.js';
import { openModel, resolveModel } from '../../../../src/model/weights/resolve-model.js';
import { openSafetensors } from '../../../../src/model/weights/safetensors.js';
import { exportModel } from '../../../../src/pipeline/export-model.js';
import { readManifest } from '../../../../src/pipeline/run/manifest-file.js';
import { generate } from '../../generation/collect-texts.js';
import { testEngine } from '../../test-engine.js';
import { fixtureFolder, temporaryFolder } from '../../transformer/fixtures.js';

/** Made with llama.cpp's own package: test/oracles/gguf/make_fixture.py. */
const gguf = (name: string): string => join(packageRoot, 'test/oracles/gguf', name);

test("blocks of every type are widened as llama.cpp's package does, bit for bit", async () => {
  const expected = await openSafetensors(gguf('expected.safetensors'));
  const file = await GgufFile.open(gguf('blocks.gguf'));
  file.rename(tensorNames('gpt2', file.tensors.keys(), 1));
  expect(file.names().sort()).toEqual(expected.names().sort());
  for (const name of expected.names()) {
    const shape = expected.shapeOf(name)!;
    expect(file.shapeOf(name)).toEqual(shape);
    const [own, other] = [new Float32Array(shape[0]! * shape[1]!), new Float32Array(shape[0]! * shape[1]!)];
    await file.read(name, shape, own);
    await expected.read(name, shape, other);
    expect(own, name).toEqual(other);
    const first = new Float32Array(40);
    await file.read(name, shape, first);
    expect(first).toEqual(other.subarray(0, 40));
  }
  await file.close();
  await expected.close();
});

test('metadata of every kind are read', async () => {
  const file = await GgufFile.open(gguf('blocks.gguf'));
  await file.close();
  const values = Object.fromEntries([...file.metadata].filter(([key]) => key.startsWith('test.')));
  expect(values).toEqual({
    'test.uint8': 3,
    'test.int8': -3,
    'test.uint16': 3,
    'test.int16': -3,
    'test.uint32': 3,
    'test.int32': -3,
    'test.uint64': 2n ** 63n,
    'test.int64': -(2 ** 40),
    'test.float32': 0.5,
    'test.float64': 0.1,
    'test.bool': true,
    'test.string': 'ü中😀',
    'test.array': ['a', '', 'b'],
  });
});

test.each([
  ['gpt2.gguf', fixtureFolder('float32')],
  ['llama.gguf', join(packageRoot, 'test/oracles/llama/grouped')],
])('%s is the model whose safetensors it was made of', async (name, folder) => {
  const [own, other] = [await resolveModel(gguf(name)), await resolveModel(folder)];
  // GGUF keeps the epsilon and the base in float32.
  const { layerNormEpsilon, ...shape } = own.configuration;
  expect(layerNormEpsilon).toBeCloseTo(other.configuration.layerNormEpsilon, 10);
  expect(other.configuration).toMatchObject(shape);
  expect([...own.weights.views.keys()]).toEqual([...other.weights.views.keys()]);
  for (const [parameter, values] of own.weights.views)
    expect(values, parameter).toEqual(other.weights.views.get(parameter));
  const text = 'the theory, then';
  expect(own.tokenizer.encode(text)).toEqual(other.tokenizer.encode(text));
  expect([startOf(own.tokenizer), own.tokenizer.endOfTextId]).toEqual([259, 259]);
  expect(own.source.description).toContain(`GGUF file ${name}, sha256`);
});

test('a GGUF file generates what its safetensors do, and is exported as a folder', async () => {
  // The commands that take a run or a model ask for a run first.
  expect(await readManifest(gguf('llama.gguf'))).toBeUndefined();
  const options = { temperature: 0, length: 8, prefix: 'the' };
  const texts: unknown[] = [];
  const output = join(temporaryFolder(), 'exported');
  await exportModel({ model: gguf('llama.gguf'), format: 'huggingface', output });
  for (const model of [gguf('llama.gguf'), join(packageRoot, 'test/oracles/llama/grouped'), output]) {
    const { session, tokenizer } = await openForGeneration(model, { engine: testEngine });
    texts.push((await generate(session, tokenizer, options)).map(({ text }) => text));
    await session.dispose();
  }
  expect(texts[0]).toEqual(texts[1]);
  expect(texts[2]).toEqual(texts[1]);
  const document = JSON.parse(readFileSync(join(output, 'tokenizer.json'), 'utf8')) as {
    readonly pre_tokenizer: { readonly type: string };
  };
  expect(document.pre_tokenizer.type).toBe('Sequence');
  const { tokenizer, weights } = await openModel(output);
  await weights.close();
  expect(tokenizer.encode('in 2019')).toHaveLength(7);
});

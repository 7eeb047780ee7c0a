import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../../../src/io/package-root.js';
import { elementCount } from '../../../../src/model/graph/shape.js';
import { startOf, type Tokenizer } from '../../../../src/model/tokenizer/tokenizer.js';
import {
  createParameterStore,
  initializeParameters,
  parameterSpecifications,
} from '../../../../src/model/transformer/parameters.js';
import { storedWeights } from '../../../../src/model/transformer/weight-source.js';
import { writeModelDescription, writeWeights } from '../../../../src/model/weights/checkpoint.js';
import { encodeRows, writtenTypes } from '../../../../src/model/weights/gguf/encode-blocks.js';
import { GgufFile } from '../../../../src/model/weights/gguf/gguf-file.js';
import { rotaryFactors, scalingOf } from '../../../../src/model/weights/gguf/rotary-factors.js';
import { exportGgufFolder } from '../../../../src/model/weights/gguf/write-gguf.js';
import { loadTokenizer } from '../../../../src/model/weights/load-tokenizer.js';
import { openModel, resolveModel } from '../../../../src/model/weights/resolve-model.js';
import { exportModel } from '../../../../src/pipeline/export-model.js';
import { fixtureFolder, temporaryFolder } from '../../transformer/fixtures.js';
import { llamaFolder } from '../../transformer/llama-oracle.js';

const gguf = (name: string): string => join(packageRoot, 'test/oracles/gguf', name);
const folder = temporaryFolder();
let exports = 0;

/** Exports a model. @returns the file and the warnings. */
async function exported(
  model: string,
  ggufType: 'f32' | 'f16' | 'q8_0',
): Promise<{ path: string; warnings: string[] }> {
  const output = join(folder, `export-${exports++}`);
  const warnings: string[] = [];
  await exportModel(
    { model, format: 'gguf', ggufType, output },
    {
      onProgress: (event) => {
        if (event.kind === 'warning') warnings.push(event.message);
      },
    },
  );
  return { path: join(output, 'model.gguf'), warnings };
}

/** Compared as a whole: a difference of millions of numbers is no message. */
const isSame = (one: Float32Array, other: Float32Array): boolean =>
  one.length === other.length && one.every((value, index) => value === other[index]);

interface Tensor {
  readonly type: string;
  readonly bytes: Buffer;
  readonly values: Float32Array;
}

/** The tensors of a file by name: their types, their bytes, and what is read of these. */
async function tensorsOf(path: string): Promise<Map<string, Tensor>> {
  const file = await GgufFile.open(path);
  await file.close();
  const content = readFileSync(path);
  return new Map(
    [...file.tensors].map(([name, { type, sizes, start, bytes }]) => {
      const own = content.subarray(start, start + bytes);
      const values = new Float32Array(elementCount(sizes));
      type.widen(own, values);
      return [name, { type: type.name, bytes: own, values }];
    }),
  );
}

test("values are quantised as llama.cpp's package does, bit for bit", async () => {
  // Made by test/oracles/gguf/make_quantised.py.
  const expected = await tensorsOf(gguf('quantised.gguf'));
  const { values } = expected.get('F32')!;
  for (const type of Object.values(writtenTypes)) {
    const rows = { name: type.name, sizes: [64, values.length / 64], form: 'same', type } as const;
    const encoded = Buffer.concat([...encodeRows(rows, values)]);
    expect(encoded.equals(expected.get(type.name)!.bytes), type.name).toBe(true);
  }
});

// Made by test/oracles/gguf/make_fixture.py.
test.each([
  ['gpt2.gguf', fixtureFolder('float32')],
  ['llama.gguf', llamaFolder('grouped')],
])("%s is written with the tensors and metadata of llama.cpp's package", async (name, source) => {
  const { path, warnings } = await exported(source, 'f32');
  expect(warnings).toEqual([]);
  const [own, other] = [await tensorsOf(path), await tensorsOf(gguf(name))];
  // llama.cpp's earlier conversions repeated the token embedding as GPT-2's output layer.
  if (name === 'gpt2.gguf') other.delete('output.weight');
  expect([...own.keys()].sort()).toEqual([...other.keys()].sort());
  for (const [tensor, { values }] of other) {
    expect(own.get(tensor)!.type).toBe('F32');
    expect(isSame(own.get(tensor)!.values, values), tensor).toBe(true);
  }
  const [written, made] = [await GgufFile.open(path), await GgufFile.open(gguf(name))];
  await Promise.all([written.close(), made.close()]);
  // Both sources have the words of GPT-2, which llama.gguf does not say.
  const expected = new Map([...made.metadata, ['tokenizer.ggml.pre', 'gpt-2']]);
  for (const [key, value] of expected) expect(written.metadata.get(key), key).toEqual(value);
  expect(Object.fromEntries(written.metadata)).toMatchObject({
    'general.architecture': name.slice(0, -5),
    'general.name': source.split('/').at(-1),
    'general.file_type': 0,
    'general.alignment': 32,
    'tokenizer.ggml.add_bos_token': true,
  });
});

test.each([
  ['a GPT-2', fixtureFolder('float32')],
  ['a GPT-2 with tokens of its own and rows without any', fixtureFolder('added')],
  ['a Llama', llamaFolder('grouped')],
  ['the base model', 'base'],
])('%s is read back as it was', async (_, source) => {
  const [own, again] = [await resolveModel(source), await resolveModel((await exported(source, 'f32')).path)];
  const { layerNormEpsilon, ...shape } = again.configuration;
  expect(own.configuration).toMatchObject(shape);
  expect(again.configuration.descendsFrom).toBe(own.configuration.descendsFrom);
  expect(layerNormEpsilon).toBe(Math.fround(own.configuration.layerNormEpsilon));
  expect(isSame(again.weights.flat, own.weights.flat)).toBe(true);
  const text = 'What is the<|sep|> théory of 🐈<|endoftext|> in 2019?';
  expect(again.tokenizer.encode(text)).toEqual(own.tokenizer.encode(text));
  expect(startOf(again.tokenizer)).toBe(startOf(own.tokenizer));
  expect(again.tokenizer.endOfTextId).toBe(own.tokenizer.endOfTextId);
  expect(again.tokenizer.vocabularySize).toBe(own.tokenizer.vocabularySize);
  const bytesOf = (tokenizer: Tokenizer): string[] =>
    Array.from({ length: tokenizer.vocabularySize }, (_, id) => tokenizer.tokenBytes(id).join());
  expect(bytesOf(again.tokenizer)).toEqual(bytesOf(own.tokenizer));
});

test('float16 and 8 bits keep vectors, and say which rows do not fit blocks', async () => {
  const half = await exported(llamaFolder('grouped'), 'f16');
  const bytes = await exported(llamaFolder('grouped'), 'q8_0');
  expect(half.warnings).toEqual([]);
  expect(bytes.warnings).toEqual([
    'Q8_0 needs rows of a multiple of 32 values: blk.0.ffn_down.weight, with rows of 48, and 1 more are written as F16, as llama.cpp does.',
  ]);
  const types = async (path: string): Promise<Record<string, string>> =>
    Object.fromEntries([...(await tensorsOf(path))].map(([name, { type }]) => [name, type]));
  expect(await types(half.path)).toMatchObject({ 'token_embd.weight': 'F16', 'output_norm.weight': 'F32' });
  expect(await types(bytes.path)).toMatchObject({
    'token_embd.weight': 'Q8_0',
    'output_norm.weight': 'F32',
    'blk.1.attn_q.weight': 'Q8_0',
    'blk.1.attn_norm.weight': 'F32',
    'blk.1.ffn_down.weight': 'F16',
  });
  const [own, again] = [await resolveModel(llamaFolder('grouped')), await resolveModel(bytes.path)];
  for (const [name, values] of own.weights.views) {
    const read = again.weights.views.get(name)!;
    const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    // Half a step of the scale, and what rounding the scale to float16 adds.
    for (const [index, value] of values.entries())
      expect(Math.abs(read[index]! - value), name).toBeLessThanOrEqual((0.5 / 127 + 2 ** -11) * most);
  }
  // The fixture's weights are float16.
  expect(isSame((await resolveModel(half.path)).weights.flat, own.weights.flat)).toBe(true);
});

test('what llama.cpp does with texts in another way is said', async () => {
  const source = join(folder, 'composed');
  const own = await resolveModel(fixtureFolder('float32'));
  const tokenizer = await loadTokenizer(join(packageRoot, 'test/oracles/tokenizer/described/composed'));
  const configuration = { ...own.configuration, vocabularySize: tokenizer.vocabularySize + 3 };
  const store = createParameterStore(parameterSpecifications(configuration));
  initializeParameters(store, 1);
  await writeModelDescription(source, configuration, tokenizer);
  await writeWeights(source, configuration, (name) => store.views.get(name)!);
  const { path, warnings } = await exported(source, 'f32');
  expect(warnings).toEqual([
    'llama.cpp does not put texts into NFC, as this tokenizer does.',
    expect.stringMatching(
      /^llama\.cpp takes no word whole, as this tokenizer does: "[^"]+" and \d+ more will be other tokens there\.$/,
    ),
  ]);
  const again = await resolveModel(path);
  expect(isSame(again.weights.flat, store.flat)).toBe(true);
  expect(again.tokenizer.encode('the habit')).toEqual(tokenizer.encode('the habit'));
});

test("positions scaled as Llama 3's become llama.cpp's factors, and come back from them", async () => {
  const { path } = await exported(llamaFolder('wide'), 'f32');
  const { values: factors } = (await tensorsOf(path)).get('rope_freqs.weight')!;
  // As convert_hf_to_gguf.py computes them: base 500, factor 4, 1 and 4 turns in 24 positions, 10 channels.
  const expected = Array.from({ length: 5 }, (_, pair) => {
    const wavelength = 2 * Math.PI * 500 ** ((2 * pair) / 10);
    if (wavelength < 24 / 4) return 1;
    if (wavelength > 24) return 4;
    const smooth = (24 / wavelength - 1) / (4 - 1);
    return 1 / ((1 - smooth) / 4 + smooth);
  });
  expect(new Set(expected).size).toBeGreaterThan(2);
  for (const [pair, factor] of factors.entries()) expect(factor).toBeCloseTo(expected[pair]!, 5);
  const [own, again] = await Promise.all([resolveModel(llamaFolder('wide')), resolveModel(path)]);
  const { llama, contextLength } = own.configuration;
  expect(again.configuration).toMatchObject({ llama: llama!, contextLength });
  expect(isSame(again.weights.flat, own.weights.flat)).toBe(true);
  const bytes = readFileSync(path);
  const at = bytes.indexOf(Buffer.from(factors.buffer));
  for (const [value, says] of [
    [
      2,
      /the scaling of rotary positions by rope_freqs\.weight is none of Llama 3's kind with its bounds 1 and 4/,
    ],
    [Number.NaN, /rope_freqs\.weight is none of Llama 3's kind/],
  ] as const) {
    bytes.writeFloatLE(value, at);
    writeFileSync(path, bytes);
    await expect(openModel(path)).rejects.toThrow(says);
  }
});

test.each([
  // Llama 3.1, Llama 3.2, and one without a frequency between those kept and those divided.
  [500_000, 8, 8192, 128],
  [500_000, 32, 8192, 64],
  [1e9, 3, 100, 4],
  // None that is divided by all of the factor.
  [500, 4, 2500, 10],
  [10_000, 8, 65_536, 128],
])('the scaling of %d, %d and %d comes back from its factors', (base, factor, context, headWidth) => {
  const scaling = {
    kind: 'llama3',
    factor,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalContextLength: context,
  } as const;
  const factors = rotaryFactors(base, scaling, headWidth);
  const found = scalingOf(factors, base, headWidth)!;
  // Where a single frequency is slowed, or none partly, several scalings are the same.
  if (headWidth > 10) expect(found).toEqual(scaling);
  for (const [pair, value] of rotaryFactors(base, found, headWidth).entries())
    expect(Math.abs(value / factors[pair]! - 1)).toBeLessThanOrEqual(1e-4);
});

describe('a model that does not fit is refused, and leaves nothing', () => {
  const configuration = {
    vocabularySize: 260,
    contextLength: 16,
    width: 32,
    layers: 1,
    heads: 2,
    layerNormEpsilon: 1e-5,
  };
  const store = createParameterStore(parameterSpecifications(configuration));
  initializeParameters(store, 1);

  test.each(['f16', 'q8_0'] as const)('a weight beyond %s', async (type) => {
    store.views.get('h.0.mlp.c_fc.weight')![77] = type === 'f16' ? 65_520 : 65_520 * 127;
    const { tokenizer, weights } = await openModel(fixtureFolder('float32'));
    await weights.close();
    const model = { configuration, tokenizer, weights: storedWeights(store) };
    const context = { onProgress: () => {}, signal: { aborted: false } };
    await expect(exportGgufFolder(model, folder, { name: 'a', type }, context)).rejects.toThrow(
      /^Tensor blk\.0\.ffn_up\.weight holds a value that float16 does not reach\.$/,
    );
    await exportGgufFolder(model, folder, { name: 'a', type: 'f32' }, context);
    const file = await resolveModel(join(folder, 'model.gguf'));
    expect(isSame(file.weights.flat, store.flat)).toBe(true);
  });

  test('a merge with a space', async () => {
    const { configuration: own, tokenizer, weights } = await openModel(fixtureFolder('added'));
    const document = JSON.parse(tokenizer.files().get('tokenizer.json')!) as {
      model: { vocab: Record<string, number>; merges: [string, string][] };
    };
    document.model.vocab['t h'] = 299;
    document.model.vocab[' h'] = 298;
    document.model.merges.push(['t', ' h']);
    const files = new Map([...tokenizer.files(), ['tokenizer.json', JSON.stringify(document)]]);
    const changed = Object.assign(Object.create(tokenizer), { files: () => files });
    const context = { onProgress: () => {}, signal: { aborted: false } };
    const written = exportGgufFolder(
      { configuration: own, tokenizer: changed, weights },
      folder,
      { name: 'a', type: 'f32' },
      context,
    );
    await expect(written).rejects.toThrow(/its merge of \["t"," h"\] has a space, which GGUF cannot say/);
    await weights.close();
  });
});

test('what stands in the folder is no obstacle to the file beside it', async () => {
  const path = join(folder, 'model.gguf.partial');
  writeFileSync(path, 'half');
  const { configuration, tokenizer, weights } = await openModel(fixtureFolder('float32'));
  const context = { onProgress: () => {}, signal: { aborted: true } };
  const options = { name: 'a', type: 'f32' } as const;
  await expect(
    exportGgufFolder({ configuration, tokenizer, weights }, folder, options, context),
  ).rejects.toThrow(/Interrupted/);
  expect(() => readFileSync(path)).toThrow(/ENOENT/);
  await weights.close();
});

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import { parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import { loadWeights } from '../../../src/model/transformer/weight-source.js';
import { readWeights } from '../../../src/model/weights/checkpoint.js';
import {
  openSafetensors,
  openSafetensorsModel,
  writeSafetensors,
} from '../../../src/model/weights/safetensors.js';
import type { WritableTensor } from '../../../src/model/weights/safetensors-bytes.js';
import {
  copyOfFixture,
  expectedParameters,
  fixtureConfiguration,
  fixtureFolder,
  temporaryFolder,
} from '../transformer/fixtures.js';

describe('weights that transformers wrote', () => {
  test.each([
    ['float32', 'float32'],
    ['float16', 'float16'],
    ['bfloat16', 'bfloat16'],
    ['sharded', 'float32'],
    ['bare', 'float32'],
  ] as const)('%s: every value is the one PyTorch has', async (name, type) => {
    const expected = await expectedParameters(type);
    const store = await readWeights(fixtureFolder(name), await fixtureConfiguration());
    expect([...store.views.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [parameter, values] of expected) {
      // by bits, so that −0 is not 0
      expect(Buffer.from(store.views.get(parameter)!.slice().buffer)).toEqual(Buffer.from(values.buffer));
    }
  });
});

/** The tensors of the float32 fixture, some changed, removed (undefined) or added. */
async function writeChanged(
  changed: Readonly<Record<string, { shape: number[]; fill?: number } | undefined>>,
): Promise<string> {
  const folder = temporaryFolder();
  const parameters = await expectedParameters('float32');
  const tensors: WritableTensor[] = [];
  const shapes = new Map<string, readonly number[]>();
  for (const { name, shape } of parameterSpecifications(await fixtureConfiguration())) {
    shapes.set(`transformer.${name}`, shape);
  }
  for (const [name, value] of Object.entries(changed)) {
    if (value) shapes.set(name, value.shape);
    else shapes.delete(name);
  }
  for (const [name, shape] of shapes) {
    const size = shape.reduce((product, axis) => product * axis, 1);
    const own = changed[name] ? undefined : parameters.get(name.replace('transformer.', ''));
    const values = own ?? new Float32Array(size).fill(changed[name]?.fill ?? 0);
    tensors.push({ name, shape, values: () => values });
  }
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, {});
  return folder;
}

describe('weights that do not fit are refused before they are read, by name', () => {
  const cases: [string, Parameters<typeof writeChanged>[0], RegExp][] = [
    ['missing', { 'transformer.h.1.mlp.c_fc.bias': undefined }, /tensor h\.1\.mlp\.c_fc\.bias is missing/],
    [
      'of another shape',
      { 'transformer.wpe.weight': { shape: [17, 8] } },
      /tensor transformer\.wpe\.weight has shape \[17,8\], config\.json asks for \[16,8\]/,
    ],
    [
      'transposed',
      { 'transformer.h.0.attn.c_attn.weight': { shape: [24, 8] } },
      /h\.0\.attn\.c_attn\.weight has shape \[24,8\], config\.json asks for \[8,24\]/,
    ],
    ['extra', { 'score.weight': { shape: [2, 8] } }, /tensor score\.weight is not part of a GPT-2\./],
    [
      'of a deeper model',
      { 'transformer.h.2.ln_1.weight': { shape: [8] }, 'transformer.h.2.ln_1.bias': { shape: [8] } },
      /tensor transformer\.h\.2\.ln_1\.weight is not part of a GPT-2 \(and 1 more\)/,
    ],
    ['there twice', { 'wpe.weight': { shape: [16, 8] } }, /tensor wpe\.weight is there twice/],
    [
      'an output layer of its own',
      { 'lm_head.weight': { shape: [260, 8], fill: 1 } },
      /lm_head\.weight differs from transformer\.wte\.weight/,
    ],
    [
      'an output layer of another shape',
      { 'lm_head.weight': { shape: [8, 260] } },
      /lm_head\.weight differs from transformer\.wte\.weight/,
    ],
  ];
  test.each(cases)('%s', async (_, changed, pattern) => {
    const folder = await writeChanged(changed);
    await expect(openSafetensorsModel(folder, await fixtureConfiguration())).rejects.toThrow(pattern);
  });

  test('a folder without weights', async () => {
    const folder = copyOfFixture('float32');
    rmSync(join(folder, 'model.safetensors'));
    await expect(readWeights(folder, await fixtureConfiguration())).rejects.toThrow(
      /holds no model\.safetensors/,
    );
  });
});

describe('weights in several files', () => {
  test('a missing file, and a tensor in none of them', async () => {
    const folder = copyOfFixture('sharded');
    rmSync(join(folder, 'model-00002-of-00002.safetensors'));
    await expect(readWeights(folder, await fixtureConfiguration())).rejects.toThrow(
      /model-00002-of-00002\.safetensors: no such file/,
    );
    const indexPath = join(folder, 'model.safetensors.index.json');
    const index = JSON.parse(readFileSync(indexPath, 'utf8')) as { weight_map: Record<string, string> };
    const left = Object.entries(index.weight_map).filter(([, file]) => file.includes('00001'));
    writeFileSync(indexPath, JSON.stringify({ weight_map: Object.fromEntries(left) }));
    await expect(readWeights(folder, await fixtureConfiguration())).rejects.toThrow(/tensor .* is missing/);
  });

  test.each([
    ['../outside.safetensors'],
    ['/etc/passwd'],
    ['a/b.safetensors'],
    ['.hidden.safetensors'],
    ['model.bin'],
    [7],
  ])('an index that names %j', async (name) => {
    const folder = copyOfFixture('sharded');
    const index = JSON.stringify({ weight_map: { 'wte.weight': name } });
    writeFileSync(join(folder, 'model.safetensors.index.json'), index);
    await expect(readWeights(folder, await fixtureConfiguration())).rejects.toThrow(
      /is no name of a weights file/,
    );
  });
});

test('a token embedding with rows that no token uses is read without them', async () => {
  const configuration = await fixtureConfiguration();
  const source = await openSafetensorsModel(fixtureFolder('float16'), configuration);
  const fewer = parameterSpecifications({ ...configuration, vocabularySize: 200 });
  const store = await loadWeights(source, fewer, silentContext);
  await source.close();
  const expected = await expectedParameters('float16');
  expect(store.views.get('wte.weight')).toEqual(expected.get('wte.weight')!.subarray(0, 200 * 8));
  expect(store.views.get('ln_f.bias')).toEqual(expected.get('ln_f.bias'));
});

test('reading stops when asked to, and tells how far it is', async () => {
  const configuration = await fixtureConfiguration();
  const source = await openSafetensorsModel(fixtureFolder('bare'), configuration);
  const done: number[] = [];
  const context = {
    onProgress: (event: { kind: string; done?: number }) => void done.push(event.done ?? -1),
    signal: {
      get aborted() {
        return done.length === 3;
      },
    },
  };
  await expect(loadWeights(source, parameterSpecifications(configuration), context)).rejects.toThrow(
    /Interrupted/,
  );
  await source.close();
  expect(done).toEqual([1, 2, 3]);
});

test('the fixture is what the tests take it for', async () => {
  const file = await openSafetensors(join(fixtureFolder('bare'), 'model.safetensors'));
  expect(file.names()).toContain('h.0.attn.masked_bias');
  expect(file.names()).toContain('lm_head.weight');
  await file.close();
});

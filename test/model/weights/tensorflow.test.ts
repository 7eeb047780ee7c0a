import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import { crc32c } from '../../../src/io/crc32c.js';
import { locateModel, resolveModel } from '../../../src/model/weights/resolve-model.js';
import { openSafetensors } from '../../../src/model/weights/safetensors.js';
import { readSortedTable } from '../../../src/model/weights/tensorflow/tensor-bundle.js';
import { fixtureConfiguration, temporaryFolder } from '../transformer/fixtures.js';

const root = fileURLToPath(new URL('../../oracles/tensorflow/', import.meta.url));
const folderOf = (name: string): string => join(root, name);
const resolve = (path: string) => resolveModel(path, silentContext);

function copyOf(name: string): string {
  const folder = temporaryFolder();
  cpSync(folderOf(name), folder, { recursive: true });
  return folder;
}

/** Changes one byte of a file. */
function damage(path: string, position: number): void {
  const bytes = readFileSync(path);
  bytes[position]! ^= 0x10;
  writeFileSync(path, bytes);
}

/** Variables that TensorFlow had, by name, each with its shape there. */
const variables = {
  'model/wte': ['wte.weight', [260, 8]],
  'model/wpe': ['wpe.weight', [16, 8]],
  'model/h1/ln_1/g': ['h.1.ln_1.weight', [8]],
  'model/h0/ln_2/b': ['h.0.ln_2.bias', [8]],
  'model/h0/attn/c_attn/w': ['h.0.attn.c_attn.weight', [1, 8, 24]],
  'model/h1/attn/c_proj/w': ['h.1.attn.c_proj.weight', [1, 8, 8]],
  'model/h1/mlp/c_fc/b': ['h.1.mlp.c_fc.bias', [32]],
  'model/h0/mlp/c_proj/w': ['h.0.mlp.c_proj.weight', [1, 32, 8]],
  'model/ln_f/b': ['ln_f.bias', [8]],
} as const;

describe("checkpoints that TensorFlow's Saver wrote", () => {
  test.each(['124M', 'run1'])('%s: the values are those TensorFlow had', async (name) => {
    const model = await resolve(folderOf(name));
    expect(model.configuration).toEqual(await fixtureConfiguration());
    expect(model.tokenizer.decode(model.tokenizer.encode('the theory'))).toBe('the theory');
    const expected = await openSafetensors(join(root, 'expected.safetensors'));
    for (const [variable, [parameter, shape]] of Object.entries(variables)) {
      const values = new Float32Array(shape.reduce((product: number, size) => product * size, 1));
      await expected.read(`${name}/${variable}`, shape, values);
      expect(model.weights.views.get(parameter), variable).toEqual(values);
    }
    await expected.close();
    const every = [...model.weights.views.values()];
    expect(every.every((values) => values.every((value) => value !== 0 && Number.isFinite(value)))).toBe(
      true,
    );
  });

  test('a run: the newest checkpoint counts, an older one can be named', async () => {
    const newest = await resolve(folderOf('run1'));
    expect(newest.source.description).toMatch(/run1, TensorFlow checkpoint model-20, sha256/);
    const older = await resolve(join(folderOf('run1'), 'model-10'));
    expect(older.source.description).toMatch(/run1, TensorFlow checkpoint model-10, sha256/);
    expect(older.weights.flat).not.toEqual(newest.weights.flat);
    expect(older.source.hash).not.toBe(newest.source.hash);
  });

  test('without its file "checkpoint" a folder of one checkpoint is clear, of two is not', async () => {
    const [one, two] = [copyOf('124M'), copyOf('run1')];
    for (const folder of [one, two]) rmSync(join(folder, 'checkpoint'));
    expect((await locateModel(one)).description).toMatch(/model\.ckpt/);
    await expect(locateModel(two)).rejects.toThrow(/holds 2 TensorFlow checkpoints and no file "checkpoint"/);
  });
});

describe('a checkpoint is refused in one line', () => {
  test.each<[string, (folder: string) => void, RegExp]>([
    [
      'a changed value',
      (folder) => damage(join(folder, 'model.ckpt.data-00000-of-00001'), 9000),
      /the CRC of tensor model\/wte is wrong/,
    ],
    [
      'a changed index',
      (folder) => damage(join(folder, 'model.ckpt.index'), 30),
      /the CRC of the block at byte 0 is wrong/,
    ],
    [
      'data cut short',
      (folder) => {
        const path = join(folder, 'model.ckpt.data-00000-of-00001');
        writeFileSync(path, readFileSync(path).subarray(0, 10_000));
      },
      /tensor model\/wte ends early/,
    ],
    [
      'no data',
      (folder) => rmSync(join(folder, 'model.ckpt.data-00000-of-00001')),
      /model\.ckpt\.data-00000-of-00001: no such file/,
    ],
    [
      'no index',
      (folder) => rmSync(join(folder, 'model.ckpt.index')),
      /names "model\.ckpt", but there is no model\.ckpt\.index/,
    ],
    ['no encoder', (folder) => rmSync(join(folder, 'encoder.json')), /encoder\.json: no such file/],
    ['no merges', (folder) => rmSync(join(folder, 'vocab.bpe')), /vocab\.bpe: no such file/],
    [
      'an empty state',
      (folder) => writeFileSync(join(folder, 'checkpoint'), ''),
      /names no model_checkpoint_path/,
    ],
    [
      'a state that leads elsewhere',
      (folder) =>
        writeFileSync(join(folder, 'checkpoint'), 'model_checkpoint_path: "../../../etc/model.ckpt.data"'),
      /it names "model\.ckpt\.data", but there is no/,
    ],
    [
      'hparams that are none',
      (folder) => writeFileSync(join(folder, 'hparams.json'), 'null'),
      /n_embd must be a whole number/,
    ],
    [
      'hparams of a larger model',
      (folder) =>
        writeFileSync(
          join(folder, 'hparams.json'),
          '{"n_vocab":260,"n_ctx":32,"n_embd":8,"n_head":2,"n_layer":2}',
        ),
      /tensor model\/wpe has shape \[16,8\], hparams\.json asks for \[32,8\]/,
    ],
    [
      'hparams of a shallower model',
      (folder) =>
        writeFileSync(
          join(folder, 'hparams.json'),
          '{"n_vocab":260,"n_ctx":16,"n_embd":8,"n_head":2,"n_layer":1}',
        ),
      /tensor model\/h1\/attn\/c_attn\/b is not part of a GPT-2/,
    ],
    [
      'hparams of a deeper model',
      (folder) =>
        writeFileSync(
          join(folder, 'hparams.json'),
          '{"n_vocab":260,"n_ctx":16,"n_embd":8,"n_head":2,"n_layer":3}',
        ),
      /tensor model\/h2\/ln_1\/g is missing/,
    ],
  ])('%s', async (_, change, pattern) => {
    const folder = copyOf('124M');
    change(folder);
    await expect(resolve(folder)).rejects.toThrow(pattern);
  });

  test('an index with any byte changed or cut off', () => {
    const whole = readFileSync(join(folderOf('124M'), 'model.ckpt.index'));
    expect(readSortedTable(whole, 'x').size).toBe(29);
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (position, mask, cut) => {
          const bytes = Buffer.from(cut ? whole.subarray(0, position) : whole);
          if (!cut) bytes[position]! ^= mask;
          try {
            readSortedTable(bytes, 'x');
          } catch (error) {
            expect(error).toMatchObject({ name: 'TitlesmithError', code: 'checkpoint-damaged' });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

test('CRC-32C of the examples in RFC 3720, appendix B.4, whole and in pieces', () => {
  const bytes = (length: number, value: (index: number) => number) =>
    Uint8Array.from({ length }, (_, index) => value(index));
  const examples: [Uint8Array, number][] = [
    [bytes(32, () => 0), 0x8a9136aa],
    [bytes(32, () => 255), 0x62a8ab43],
    [bytes(32, (index) => index), 0x46dd794e],
    [bytes(32, (index) => 31 - index), 0x113fdb5c],
    [Buffer.from('123456789'), 0xe3069283],
  ];
  for (const [data, expected] of examples) {
    expect(crc32c(data)).toBe(expected);
    for (let cut = 0; cut < data.length; cut++) {
      expect(crc32c(data.subarray(cut), crc32c(data.subarray(0, cut)))).toBe(expected);
    }
  }
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { memorySource } from '../../../src/io/byte-source.js';
import { elementCount } from '../../../src/model/graph/shape.js';
import { parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import { baseConfiguration, baseWeightsHash } from '../../../src/model/weights/base-model.js';
import { Communities } from '../../../src/model/weights/communities.js';
import type { OpenModel } from '../../../src/model/weights/open-model.js';
import { communitiesBytes } from './communities-file.js';

const width = 4;
const configuration = {
  ...baseConfiguration,
  width,
  layers: 2,
  heads: 2,
  vocabularySize: 9,
  contextLength: 5,
};
const content = {
  names: ['ants', 'birds', 'cats_in_hats'],
  vectors: [
    { scale: 0.5, row: [2, 4, -6, 127] },
    { scale: 0.25, row: [-127, 0, 8, 4] },
    { scale: 0, row: [1, 2, 3, 4] },
  ],
};
const bytes = communitiesBytes(content);
const open = (changed: Uint8Array = bytes): Promise<Communities> =>
  Communities.open(memorySource('a.safetensors', changed), { configuration });

/** A model of that shape whose every weight is 10. */
function model(changes: Partial<OpenModel['configuration']> = {}): OpenModel {
  return {
    configuration: { ...configuration, ...changes },
    tokenizer: {} as OpenModel['tokenizer'],
    weights: { read: async (_, into) => void into.fill(10), close: async () => {} },
  };
}

async function valuesOf(community: string, name: string, guidance?: number): Promise<number[]> {
  const { shape } = parameterSpecifications(configuration).find((each) => each.name === name)!;
  const into = new Float32Array(elementCount(shape));
  await (await open()).modelFor(model(), community, guidance).weights.read(name, into);
  return [...into];
}

describe('a model as it writes for a community', () => {
  test('has the vector of the community, times the guidance scale, added to the bias of the last normalization, and nothing else', async () => {
    expect(await valuesOf('ants', 'ln_f.bias', 1)).toEqual([11, 12, 7, 73.5]);
    expect(await valuesOf('ants', 'ln_f.bias')).toEqual([11.5, 13, 5.5, 105.25]);
    expect(await valuesOf('birds', 'ln_f.bias', 2)).toEqual([-53.5, 10, 14, 12]);
    expect(await valuesOf('birds', 'ln_f.bias', 0)).toEqual(Array(width).fill(10));
    for (const { name, shape } of parameterSpecifications(configuration)) {
      if (name !== 'ln_f.bias')
        expect(await valuesOf('birds', name), name).toEqual(Array(elementCount(shape)).fill(10));
    }
  });

  test('says what that adds to the logit of each token', async () => {
    const added = await (await open()).modelFor(model(), 'ants', 2).addedLogits!();
    // Every row of the embedding is ten.
    expect([...added]).toEqual(Array(configuration.vocabularySize).fill(2 * 10 * (1 + 2 - 3 + 63.5)));
  });

  test('is refused for a guidance scale that is none', async () => {
    const communities = await open();
    for (const guidance of [-1, 11, Number.NaN])
      expect(() => communities.modelFor(model(), 'ants', guidance)).toThrow(/modelFor: guidance got/);
  });

  test('is refused for a name that is not known, with those that are near, and with what to do', async () => {
    const communities = await open();
    expect(communities.names).toEqual(content.names);
    expect(() => communities.check('bird')).toThrow(
      expect.objectContaining({
        message: 'The base model does not know r/bird: it is none of its 3 communities.',
        hint: 'Did you mean r/birds? If not: fine-tune a model on a file of its titles: titlesmith pipeline --input FILE --model base.',
      }),
    );
    expect(() => communities.check('chess')).toThrow(
      expect.objectContaining({
        hint: 'Fine-tune a model on a file of its titles: titlesmith pipeline --input FILE --model base; or choose one that titlesmith communities lists.',
      }),
    );
    expect(() => communities.check('__proto__')).toThrow(/does not know r\/__proto__/);
    expect(() => communities.modelFor(model(), 'Ants')).toThrow(/does not know/);
  });

  test('is refused of a model that is not the base model', async () => {
    const communities = await open();
    for (const other of [{ width: 8 }, { layers: 1 }, { descendsFrom: undefined }])
      expect(() => communities.modelFor(model(other), 'ants')).toThrow(/This model is not the base model/);
    expect(() => communities.modelFor({} as OpenModel, 'ants')).toThrow(/modelFor: model got/);
  });
});

test('names are searched by a part, those that begin with it first', async () => {
  const communities = await open();
  expect(communities.search('ats')).toEqual(['cats_in_hats']);
  expect(communities.search('a')).toEqual(['ants', 'cats_in_hats']);
  expect(communities.search('.')).toEqual([]);
  expect(communities.search('')).toEqual(content.names);
});

describe('a file of communities is refused', () => {
  const changed = (changes: Partial<Parameters<typeof communitiesBytes>[0]>): Uint8Array =>
    communitiesBytes({ ...content, ...changes });
  const vector = { scale: 1, row: [1, 2, 3, 4] };

  test.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(), /not a safetensors file/],
    ['cut short', bytes.subarray(0, bytes.length - 1), /bytes behind the end of the file/],
    ['longer', Uint8Array.from([...bytes, 0]), /behind the last tensor/],
    [
      'of another format',
      changed({ metadata: { format: 'titlesmith-communities-2' } }),
      /^a\.safetensors is no file of communities: its format is not titlesmith-communities-1\.$/,
    ],
    [
      'of another base model',
      changed({ metadata: { base_sha256: 'ab'.repeat(32) } }),
      /belongs to another base/,
    ],
    ['of no names', changed({ metadata: { names: '' } }), /its names are not those/],
    ['of names out of order', changed({ names: ['b2', 'a2', 'c2'] }), /its names are not those/],
    ['of one name twice', changed({ names: ['a2', 'a2', 'c2'] }), /its names are not those/],
    ['of markup for a name', changed({ names: ['<b>', 'a2', 'c2'] }), /its names are not those/],
    [
      'of more names than vectors',
      changed({ names: ['a2', 'b2', 'c2', 'd2'] }),
      /communities has shape \[3,4\], needed is \[4,4\]/,
    ],
    [
      'of fewer names than vectors',
      changed({ names: ['a2', 'b2'] }),
      /communities has shape \[3,4\], needed is \[2,4\]/,
    ],
    [
      'of narrower vectors',
      changed({ names: ['a2'], vectors: [{ scale: 1, row: [1, 2, 3] }] }),
      /communities has shape \[1,3\]/,
    ],
    [
      'of a scale that is none',
      changed({ names: ['a2'], vectors: [{ ...vector, scale: Number.NaN }] }),
      /communities holds numbers that are none/,
    ],
    [
      'of another width',
      changed({ names: ['a2'], vectors: [{ scale: 1, row: [1, 2, 3, 4, 5, 6] }] }),
      /communities has shape \[1,6\], needed is \[1,4\]/,
    ],
    [
      'of an infinite scale',
      changed({ names: ['a2'], vectors: [{ ...vector, scale: Number.POSITIVE_INFINITY }] }),
      /communities holds numbers that are none/,
    ],
    [
      'without scales',
      changed({ change: (tensors) => tensors.filter(({ name }) => name !== 'communities.scale') }),
      /communities\.scale is missing/,
    ],
    [
      'with more than belongs there',
      changed({
        change: (tensors) => [
          ...tensors,
          { name: 'wte.weight', shape: [0], values: () => new Float32Array() },
        ],
      }),
      /"wte\.weight", which is no part of one/,
    ],
  ])('%s', async (_, damagedBytes, message) => {
    await expect(open(damagedBytes)).rejects.toThrow(message);
  });

  test('or is read, whatever its bytes are, and nothing else happens', async () => {
    const random = createRandom(1, 'damage');
    for (let round = 0; round < 300; round++) {
      const damagedBytes = Uint8Array.from(bytes);
      damagedBytes[Math.floor(random.uniform() * bytes.length)] = Math.floor(random.uniform() * 256);
      try {
        expect((await open(damagedBytes)).names).toHaveLength(3);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(?:communities|checkpoint)-damaged$/) });
      }
    }
  });
});

describe('the file that ships', () => {
  test('belongs to the base model that ships, and has names by the thousand', async () => {
    const base = readFileSync('data/base/model.safetensors');
    expect(createHash('sha256').update(base).digest('hex')).toBe(baseWeightsHash);
    const shipped = memorySource('shipped', readFileSync('data/base/communities.safetensors'));
    const { names } = await Communities.open(shipped);
    expect(names.length).toBeGreaterThan(1000);
    expect(names).toContain('baking');
  });
});

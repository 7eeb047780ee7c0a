import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import { type ByteFolder, sourcesFolder } from '../../../src/io/byte-folder.js';
import { type ByteSource, blobSource, hashSource, memorySource } from '../../../src/io/byte-source.js';
import { fileFolder } from '../../../src/io/file-source.js';
import { restrictedTokenizer } from '../../../src/model/tokenizer/restricted.js';
import { parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import { loadWeights } from '../../../src/model/transformer/weight-source.js';
import { baseFolder } from '../../../src/model/weights/base-folder.js';
import { baseHash } from '../../../src/model/weights/base-model.js';
import { writeModelDescription, writeWeights } from '../../../src/model/weights/checkpoint.js';
import { modelDescription, modelWeights } from '../../../src/model/weights/checkpoint-files.js';
import { openModelIn } from '../../../src/model/weights/folder-model.js';
import { findModelFiles, hashModelFiles } from '../../../src/model/weights/model-files.js';
import type { OpenModel } from '../../../src/model/weights/open-model.js';
import { resolveModel } from '../../../src/model/weights/resolve-model.js';
import { fixtureFolder, temporaryFolder } from '../transformer/fixtures.js';

type SourceOf = (name: string, bytes: Uint8Array<ArrayBuffer>) => ByteSource;

const kinds: readonly [string, SourceOf][] = [
  ['a Blob', (name, bytes) => blobSource(name, new Blob([bytes]))],
  ['bytes in memory', memorySource],
];
const [[, blobOf]] = kinds as [[string, SourceOf]];

/** The files of a folder as a person drops them on a page. @param changed other bytes for some, undefined for none. */
async function dropped(
  folder: string,
  sourceOf: SourceOf = blobOf,
  changed: Readonly<Record<string, string | Uint8Array | undefined>> = {},
): Promise<ByteFolder> {
  const sources = new Map<string, ByteSource>();
  for (const name of await readdir(folder)) {
    const bytes = name in changed ? changed[name] : readFileSync(join(folder, name));
    if (bytes !== undefined) sources.set(name, sourceOf(name, new Uint8Array(Buffer.from(bytes))));
  }
  return sourcesFolder('dropped', sources);
}

/** The bytes of each parameter, in hexadecimal of their hash: millions of values compare slowly one by one. */
function digests(views: ReadonlyMap<string, Float32Array>): Record<string, string> {
  const digest = (values: Float32Array) =>
    createHash('sha256')
      .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
      .digest('hex');
  return Object.fromEntries([...views].map(([name, values]) => [name, digest(values)]));
}

async function valuesOf({ configuration, weights }: OpenModel): Promise<Record<string, string>> {
  const { views } = await loadWeights(weights, parameterSpecifications(configuration), silentContext);
  await weights.close();
  return digests(views);
}

describe.each(kinds)('a model of %s', (_, sourceOf) => {
  test('the base model is the one that its folder holds, by its hash too', async () => {
    const folder = await dropped(baseFolder, sourceOf);
    const model = await openModelIn(folder);
    const expected = await resolveModel('base');
    expect(model.configuration).toEqual(expected.configuration);
    expect([...model.tokenizer.files()]).toEqual([...expected.tokenizer.files()]);
    expect(await valuesOf(model)).toEqual(digests(expected.weights.views));
    const files = await findModelFiles(folder);
    if (!('names' in files)) throw new Error(files.missing);
    const hash = await hashModelFiles(files.names, async (name) => hashSource(await folder.open(name)));
    expect(hash).toBe(baseHash);
    expect(hash).toBe(expected.source.hash);
  });
});

test.each(['float32', 'float16', 'bfloat16', 'sharded'])(
  'the fixture %s is read as from its folder',
  async (name) => {
    const model = await openModelIn(await dropped(fixtureFolder(name)));
    const expected = await openModelIn(fileFolder(fixtureFolder(name)));
    expect(model.configuration).toEqual(expected.configuration);
    expect(await valuesOf(model)).toEqual(await valuesOf(expected));
  },
);

describe('a checkpoint', () => {
  test('is written with the bytes that the writer of files writes, and read back from them', async () => {
    const { configuration, tokenizer, weights } = await resolveModel(fixtureFolder('float32'));
    const folder = temporaryFolder();
    await writeModelDescription(folder, configuration, tokenizer);
    await writeWeights(folder, configuration, (name) => weights.views.get(name)!);
    const { name, size, chunks } = modelWeights(configuration, (parameter) => weights.views.get(parameter)!);
    const bytes = Buffer.concat([...chunks()].map((chunk) => Buffer.from(chunk)));
    expect(bytes.length).toBe(size);
    const files = new Map<string, Uint8Array>([[name, bytes]]);
    for (const [file, text] of modelDescription(configuration, tokenizer)) files.set(file, Buffer.from(text));
    expect([...files.keys()].sort()).toEqual((await readdir(folder)).sort());
    for (const [file, own] of files) expect(readFileSync(join(folder, file)).equals(own), file).toBe(true);
    const sources = [...files].map(([file, own]) => [file, memorySource(file, own)] as const);
    expect(await valuesOf(await openModelIn(sourcesFolder('own', new Map(sources))))).toEqual(
      digests(weights.views),
    );
  });

  test('has the tokenizer of tokenizer.json alone', async () => {
    const tokenizer = restrictedTokenizer(['What small habit changed your life?', 'Why do cats purr? 🐈']);
    const { configuration } = await resolveModel(fixtureFolder('float32'));
    const own = { ...configuration, vocabularySize: tokenizer.vocabularySize };
    const folder = temporaryFolder();
    await writeModelDescription(folder, own, tokenizer);
    await writeWeights(
      folder,
      own,
      (name) =>
        new Float32Array(
          parameterSpecifications(own)
            .find((one) => one.name === name)!
            .shape.reduce((product, length) => product * length, 1),
        ),
    );
    const left = { 'vocab.json': undefined, 'merges.txt': undefined };
    const model = await openModelIn(await dropped(folder, blobOf, left));
    expect([...model.tokenizer.files()]).toEqual([...tokenizer.files()]);
  });
});

describe('what is refused', () => {
  test.each([
    [{ 'config.json': undefined }, /^Cannot read dropped\/config\.json: no such file\./],
    [{ 'config.json': '{' }, /dropped\/config\.json/],
    [{ 'model.safetensors': undefined }, /^dropped holds no model\.safetensors\./],
    [{ 'model.safetensors': 'PK' }, /^dropped\/model\.safetensors: not a safetensors file, or cut short/],
    [{ 'merges.txt': undefined }, /^Cannot read dropped\/merges\.txt: no such file\./],
    [{ 'merges.txt': '#version: 0.2\n' }, /^dropped\/merges\.txt: 0 merges, but vocab\.json needs/],
    [{ 'vocab.json': '[]' }, /^dropped\/vocab\.json: not an object\./],
  ])('%j names the file', async (changed, message) => {
    await expect(dropped(fixtureFolder('float32'), blobOf, changed).then(openModelIn)).rejects.toThrow(
      message,
    );
  });

  test('weights that are cut short, wherever', async () => {
    const whole = readFileSync(join(fixtureFolder('float32'), 'model.safetensors'));
    for (const length of [0, 7, 8, 100, whole.length - 1]) {
      const changed = { 'model.safetensors': whole.subarray(0, length) };
      await expect(
        dropped(fixtureFolder('float32'), blobOf, changed).then(openModelIn),
      ).rejects.toMatchObject({
        code: 'checkpoint-damaged',
      });
    }
  });

  test('a file that was changed after it was chosen', async () => {
    const { openAsBlob } = await import('node:fs');
    const path = join(temporaryFolder(), 'config.json');
    await writeFile(path, readFileSync(join(fixtureFolder('float32'), 'config.json')));
    const source = blobSource('config.json', await openAsBlob(path));
    await writeFile(path, '{}');
    await expect(
      openModelIn(sourcesFolder('dropped', new Map([['config.json', source]]))),
    ).rejects.toMatchObject({ code: 'file-changed' });
  });
});

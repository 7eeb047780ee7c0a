import { copyFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { baseFolder, checkBaseHash } from '../../../src/model/weights/base-folder.js';
import { baseConfiguration } from '../../../src/model/weights/base-model.js';
import { readConfiguration, writeModelDescription } from '../../../src/model/weights/checkpoint.js';
import { findModelFolder, hashModelFolder } from '../../../src/model/weights/model-folder.js';
import { openModel } from '../../../src/model/weights/resolve-model.js';
import { temporaryFolder } from '../transformer/fixtures.js';

test('the base model is small enough to ship, has the shape that memory is estimated by, and is checked by hash', async () => {
  const sizes = new Map(readdirSync(baseFolder).map((name) => [name, statSync(join(baseFolder, name)).size]));
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const fingerprints = sizes.get('fingerprints.bin')!;
  expect(fingerprints).toBeLessThan(4.5e6);
  const communities = sizes.get('communities.safetensors')!;
  expect(communities).toBeLessThan(1e6);
  expect(bytes - fingerprints - communities).toBeLessThan(18e6);
  expect(await readConfiguration(baseFolder)).toEqual(baseConfiguration);
  const { configuration, source, tokenizer, weights } = await openModel('base');
  await weights.close();
  // What is trained from it, or exported, is described by the same configuration, and so says what it descends from.
  const checkpoint = temporaryFolder();
  await writeModelDescription(checkpoint, configuration, tokenizer);
  expect(await readConfiguration(checkpoint)).toEqual(baseConfiguration);
  expect(source.description).toMatch(/^titlesmith's base model, sha256 /);
  expect(tokenizer.vocabularySize).toBe(baseConfiguration.vocabularySize);
});

test('files that were changed are refused', async () => {
  const folder = temporaryFolder();
  for (const name of readdirSync(baseFolder)) copyFileSync(join(baseFolder, name), join(folder, name));
  writeFileSync(join(folder, 'merges.txt'), '#version: 0.2\n', { flag: 'a' });
  const hash = await hashModelFolder(await findModelFolder(folder));
  expect(() => checkBaseHash(hash)).toThrow(/is not the one that titlesmith ships/);
});

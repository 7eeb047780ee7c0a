import { copyFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { baseConfiguration, baseFolder, checkBaseHash } from '../../../src/model/weights/base-model.js';
import { readConfiguration } from '../../../src/model/weights/checkpoint.js';
import { findModelFolder, hashModelFolder } from '../../../src/model/weights/model-folder.js';
import { openModel } from '../../../src/model/weights/resolve-model.js';
import { temporaryFolder } from '../transformer/fixtures.js';

test('the base model is small enough to ship, has the shape that memory is estimated by, and is checked by hash', async () => {
  const bytes = readdirSync(baseFolder).reduce((sum, name) => sum + statSync(join(baseFolder, name)).size, 0);
  expect(bytes).toBeLessThan(18e6);
  expect(await readConfiguration(baseFolder)).toEqual(baseConfiguration);
  const { source, tokenizer, weights } = await openModel('base');
  await weights.close();
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

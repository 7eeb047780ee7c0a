import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { flagOf, optionNames } from '../../src/options/options.js';
import { describeOptions } from '../../tools/option-document.js';

test('docs/options.md is what the table of options says', async () => {
  await expect(describeOptions()).toMatchFileSnapshot(join(packageRoot, 'docs/options.md'));
});

test('every option is documented', () => {
  const document = describeOptions();
  expect(optionNames.filter((name) => !document.includes(`\`${flagOf(name)}`))).toEqual([]);
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { optionNames, rowOf } from '../../src/options/option-table.js';
import { flagOf } from '../../src/options/option-values.js';
import { describeOptions, optionsPagePath } from '../../tools/options-page.js';

test('docs/options.md is what the table of options says', () => {
  expect(readFileSync(optionsPagePath, 'utf8'), 'outdated: npm run -s tool -- options-page').toBe(
    describeOptions(),
  );
});

test('every option is documented', () => {
  const document = describeOptions();
  expect(optionNames.filter((name) => !document.includes(`\`${flagOf(rowOf(name).flag ?? name)}`))).toEqual(
    [],
  );
});

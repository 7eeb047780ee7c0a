import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { gpt2Tokens } from '../../src/model/tokenizer/gpt2-tokens.js';
import { describeGpt2Tokens, gpt2TokensOfPackage, gpt2TokensPath } from '../../tools/gpt2-tokens.js';

test("GPT-2's tokens are those of gpt-tokenizer, each at its rank", () => {
  const expected = gpt2TokensOfPackage();
  expect(gpt2Tokens).toHaveLength(50_256);
  expect(gpt2Tokens.findIndex((token, rank) => token !== expected[rank])).toBe(-1);
});

test('src/model/tokenizer/gpt2-tokens.ts is what the tool writes', () => {
  const isCurrent = readFileSync(gpt2TokensPath, 'utf8') === describeGpt2Tokens();
  expect(isCurrent, 'outdated: npm run -s tool -- gpt2-tokens').toBe(true);
});

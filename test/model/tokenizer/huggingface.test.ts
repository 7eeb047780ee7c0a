import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/io/package-root.js';
import { gpt2Tokenizer } from '../../../src/model/tokenizer/gpt2.js';
import { restrictedTokenizer } from '../../../src/model/tokenizer/restricted.js';

interface Fixture {
  readonly lines: readonly string[];
  /** How many of the lines the restricted vocabulary was made from. */
  readonly seen: number;
  readonly full: readonly (readonly number[])[];
  readonly restricted: readonly (readonly number[])[];
}

/** Ids that Hugging Face's tokenizer gave, made by test/oracles/tokenizer/make_fixture.py. */
const fixture = JSON.parse(
  readFileSync(join(packageRoot, 'test/oracles/tokenizer/fixture.json'), 'utf8'),
) as Fixture;

describe("Hugging Face's GPT-2 tokenizer", () => {
  it('gives the same ids over the full vocabulary', () => {
    const tokenizer = gpt2Tokenizer();
    expect(fixture.lines.length).toBeGreaterThan(400);
    for (const [index, line] of fixture.lines.entries()) {
      expect(tokenizer.encode(line), JSON.stringify(line)).toEqual(fixture.full[index]);
    }
  });

  it('gives the same ids over a restricted vocabulary, for seen and unseen lines', () => {
    const tokenizer = restrictedTokenizer(fixture.lines.slice(0, fixture.seen));
    for (const [index, line] of fixture.lines.entries()) {
      expect(tokenizer.encode(line), JSON.stringify(line)).toEqual(fixture.restricted[index]);
    }
  });
});

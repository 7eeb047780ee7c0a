import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gpt2Tokenizer } from '../../../src/model/tokenizer/gpt2.js';
import { restrictedTokenizer } from '../../../src/model/tokenizer/restricted.js';
import type { Tokenizer } from '../../../src/model/tokenizer/tokenizer.js';

const full = gpt2Tokenizer();

/** GPT-2's ids by what they stand for. */
const fullIds = new Map(
  Array.from({ length: full.vocabularySize }, (_, id) => [
    Buffer.from(full.tokenBytes(id)).toString('hex'),
    id,
  ]),
);

const globalId = (tokenizer: Tokenizer, id: number): number =>
  fullIds.get(Buffer.from(tokenizer.tokenBytes(id)).toString('hex'))!;

const words = fc.constantFrom(
  'What',
  'habit',
  'neighbour',
  'unbelievable',
  "don't",
  '日本語',
  '👩‍👩‍👧',
  'café',
  '2019',
  '...',
);
const title = fc.oneof(
  fc.array(words, { minLength: 1, maxLength: 8 }).map((list) => list.join(' ')),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

describe('restrictedTokenizer', () => {
  it("gives GPT-2's tokens on the titles it was made from", () => {
    fc.assert(
      fc.property(fc.array(title, { maxLength: 12 }), (titles) => {
        const tokenizer = restrictedTokenizer(titles);
        for (const each of titles) {
          const ids = tokenizer.encode(each).map((id) => globalId(tokenizer, id));
          expect(ids).toEqual(full.encode(each));
        }
      }),
      { numRuns: 25 },
    );
  });

  it('gives any other text back', () => {
    const tokenizer = restrictedTokenizer(['What small habit changed your life?', 'Why do cats purr? 🐈']);
    fc.assert(
      fc.property(title, (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
    );
  });

  it("keeps GPT-2's order, all single bytes and one end token", () => {
    const tokenizer = restrictedTokenizer(['What small habit changed your life?']);
    const ids = Array.from({ length: tokenizer.vocabularySize - 1 }, (_, id) => globalId(tokenizer, id));
    expect(ids.slice(0, 256)).toEqual([...new Array(256).keys()]);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(ids.length).toBeLessThan(300);
    expect(tokenizer.endOfTextId).toBe(ids.length);
    expect(tokenizer.tokenBytes(ids.length)).toHaveLength(0);
  });

  it('works without any title, byte by byte', () => {
    const tokenizer = restrictedTokenizer([]);
    expect(tokenizer.vocabularySize).toBe(257);
    expect(tokenizer.encode('café')).toHaveLength(5);
    expect(tokenizer.decode(tokenizer.encode('café'))).toBe('café');
  });
});

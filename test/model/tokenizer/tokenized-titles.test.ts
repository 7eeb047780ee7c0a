import { describe, expect, it } from 'vitest';
import { gpt2Tokenizer } from '../../../src/model/tokenizer/gpt2.js';
import { restrictedTokenizer } from '../../../src/model/tokenizer/restricted.js';
import { type TokenizedTitles, tokenizeTitles } from '../../../src/model/tokenizer/tokenized-titles.js';

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `A title, the ${index}th`);

/** All titles, each as its ids. */
const idsOf = (titles: TokenizedTitles): number[][] =>
  Array.from({ length: titles.offsets.length - 1 }, (_, title) => [...titles.tokensOf(title)]);

describe('tokenizeTitles', () => {
  const tokenizer = gpt2Tokenizer();

  it('gives the tokens of each title, and counts what is too long', () => {
    const list = ['Hello world', 'word '.repeat(40), 'x'.repeat(1_000_000), 'Hello'];
    const { titles, tooLong } = tokenizeTitles(list, tokenizer, { maximumTokens: 20 });
    expect(idsOf(titles)).toEqual([[15496, 995], [15496]]);
    expect([...titles.offsets]).toEqual([0, 2, 3]);
    expect(tooLong).toBe(2);
  });

  it('takes a title of exactly the most tokens', () => {
    expect(tokenizeTitles(['Hello world'], tokenizer, { maximumTokens: 2 }).tooLong).toBe(0);
    expect(tokenizeTitles(['Hello world'], tokenizer, { maximumTokens: 1 }).tooLong).toBe(1);
  });

  it('keeps every title through growth of its table', () => {
    const list = numbered(20_000);
    const restricted = restrictedTokenizer(list.slice(0, 100));
    const { titles } = tokenizeTitles(list, restricted, { maximumTokens: 64 });
    expect(titles.offsets).toHaveLength(20_001);
    for (const index of [0, 9_999, 19_999])
      expect(restricted.decode(titles.tokensOf(index))).toBe(list[index]);
  });
});

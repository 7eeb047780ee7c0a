import type { TokenizedTitles } from '../../../src/model/tokenizer/tokenized-titles.js';

/** Titles of given tokens, which are valid until the next call, as those of a file are. */
export function titlesOf(titles: readonly (readonly number[])[]): TokenizedTitles {
  const ends = titles.map((_, index) => titles.slice(0, index + 1).flat().length);
  const shared = new Uint32Array(Math.max(0, ...titles.map(({ length }) => length)));
  return {
    offsets: Uint32Array.of(0, ...ends),
    tokensOf: (title) => {
      shared.set(titles[title]!);
      return shared.subarray(0, titles[title]!.length);
    },
  };
}

import r50kRanks from 'gpt-tokenizer/bpeRanks/r50k_base';
import { BytePairTokenizer } from './byte-pair-tokenizer.js';
import type { Tokenizer } from './tokenizer.js';

const utf8 = new TextEncoder();

/** GPT-2's 50,256 tokens as byte strings, in order of rank (which is their id). */
export const gpt2Tokens: readonly string[] = r50kRanks.map((token) =>
  String.fromCharCode(...(typeof token === 'string' ? utf8.encode(token) : token)),
);

let shared: Tokenizer | undefined;

/** The full GPT-2 vocabulary: 50,257 ids, `<|endoftext|>` is 50256. Created once. */
export function gpt2Tokenizer(): Tokenizer {
  shared ??= new BytePairTokenizer(gpt2Tokens);
  return shared;
}

/**
 * GPT-2's vocabulary without its rarest tokens: the first of them and the end token. Merges keep their order, so that a word
 * whose tokens are all kept has the tokens that GPT-2 gives it.
 * @param vocabularySize number of ids, from 257 to 50,257; the end token has the last.
 */
export function truncatedTokenizer(vocabularySize: number): Tokenizer {
  return new BytePairTokenizer(gpt2Tokens.slice(0, vocabularySize - 1));
}

/**
 * GPT-2's token ids of words as in the middle of a text: the space before a word belongs to its token, so that a word
 * has the same tokens everywhere.
 */
export function encodeWords(words: string): readonly number[] {
  return gpt2Tokenizer().encode(` ${words}`);
}

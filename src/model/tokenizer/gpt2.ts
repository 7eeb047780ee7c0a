import { BytePairTokenizer } from './byte-pair-tokenizer.js';
import { gpt2Tokens } from './gpt2-tokens.js';
import type { Tokenizer } from './tokenizer.js';

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

import r50kRanks from 'gpt-tokenizer/bpeRanks/r50k_base';
import { BytePairTokenizer } from './byte-pair-tokenizer.js';
import type { Tokenizer } from './tokenizer.js';

/** GPT-2's 50,256 tokens as byte strings, in order of rank (which is their id). */
export const gpt2Tokens: readonly string[] = r50kRanks.map((token) => Buffer.from(token).toString('latin1'));

let shared: Tokenizer | undefined;

/** The full GPT-2 vocabulary: 50,257 ids, `<|endoftext|>` is 50256. Made once. */
export function gpt2Tokenizer(): Tokenizer {
  shared ??= new BytePairTokenizer(gpt2Tokens);
  return shared;
}

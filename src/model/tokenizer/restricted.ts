import { BytePairTokenizer } from './byte-pair-tokenizer.js';
import type { Tokenizer } from './contract.js';
import { gpt2Tokenizer, gpt2Tokens } from './gpt2.js';
import { mergeParts, ranksOf } from './merges.js';

const singleBytes = 256;

/**
 * GPT-2's tokenizer with the vocabulary that some titles need: the tokens that occur in them, those they are merged
 * from, all single bytes, and the end token. Ids follow the order of GPT-2's, so merges keep their order: on these
 * titles it gives GPT-2's tokens under other numbers, and any other text still has a code.
 */
export function restrictedTokenizer(titles: Iterable<string>): Tokenizer {
  const full = gpt2Tokenizer();
  const ranks = ranksOf(gpt2Tokens);
  const used = new Set(Array.from({ length: singleBytes }, (_, id) => id));
  const add = (id: number): void => {
    if (used.has(id)) return;
    used.add(id);
    const parts = mergeParts(gpt2Tokens[id]!, id, (token) => ranks.get(token));
    if (!parts) throw new Error(`no merge makes GPT-2's token ${id}`);
    for (const part of parts) add(ranks.get(part)!);
  };
  for (const title of titles) for (const id of full.encode(title)) add(id);
  const ids = [...used].sort((a, b) => a - b);
  return new BytePairTokenizer(ids.map((id) => gpt2Tokens[id]!));
}

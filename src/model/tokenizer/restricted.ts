import { BytePairTokenizer } from './byte-pair-tokenizer.js';
import { gpt2Tokenizer, gpt2Tokens } from './gpt2.js';
import { mergeParts, ranksOf } from './merges.js';
import type { Tokenizer } from './tokenizer.js';

const singleBytes = 256;

/**
 * Gathers GPT-2's tokenizer with the vocabulary that some titles need: the tokens that occur in them, those they are
 * merged from, all single bytes, and the end token. Ids follow the order of GPT-2's, so merges keep their order: on
 * these titles it gives GPT-2's tokens under other numbers, and any other text still has a code.
 */
export class RestrictedVocabulary {
  private readonly full = gpt2Tokenizer();
  private readonly ranks = ranksOf(gpt2Tokens);
  private readonly used = new Set(Array.from({ length: singleBytes }, (_, id) => id));

  /** Takes the tokens of one title in. */
  add(title: string): void {
    for (const id of this.full.encode(title)) this.addToken(id);
  }

  /** The tokenizer over what was taken in so far. */
  tokenizer(): Tokenizer {
    const ids = [...this.used].sort((a, b) => a - b);
    return new BytePairTokenizer(ids.map((id) => gpt2Tokens[id]!));
  }

  private addToken(id: number): void {
    if (this.used.has(id)) return;
    this.used.add(id);
    const parts = mergeParts(gpt2Tokens[id]!, id, (token) => this.ranks.get(token));
    if (!parts) throw new Error(`no merge makes GPT-2's token ${id}`);
    for (const part of parts) this.addToken(this.ranks.get(part)!);
  }
}

/** The tokenizer of a {@link RestrictedVocabulary} of all `titles`. */
export function restrictedTokenizer(titles: Iterable<string>): Tokenizer {
  const vocabulary = new RestrictedVocabulary();
  for (const title of titles) vocabulary.add(title);
  return vocabulary.tokenizer();
}

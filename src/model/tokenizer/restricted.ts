import { checkArgument, isTextSource } from '../../options/call-arguments.js';
import { BytePairTokenizer } from './byte-pair-tokenizer.js';
import { gpt2Tokenizer } from './gpt2.js';
import { gpt2Tokens } from './gpt2-tokens.js';
import { mergePair, ranksOf } from './merges.js';
import type { Tokenizer } from './tokenizer.js';

const singleBytes = 256;

/**
 * Builds GPT-2's tokenizer restricted to the vocabulary of some titles: the tokens that occur in them, those they are
 * merged from, all single bytes, and the end token. Ids are in GPT-2's order, so merges keep their order: these
 * titles get GPT-2's tokens under other ids, and any other text can still be encoded.
 */
export class RestrictedVocabulary {
  private readonly full = gpt2Tokenizer();
  private readonly ranks = ranksOf(gpt2Tokens);
  private readonly used = new Set(Array.from({ length: singleBytes }, (_, id) => id));

  /** Adds the tokens of one title. */
  add(title: string): void {
    for (const id of this.full.encode(title)) this.addToken(id);
  }

  /** The tokenizer of the titles added so far. */
  tokenizer(): Tokenizer {
    const ids = [...this.used].sort((a, b) => a - b);
    return new BytePairTokenizer(ids.map((id) => gpt2Tokens[id]!));
  }

  private addToken(id: number): void {
    if (this.used.has(id)) return;
    this.used.add(id);
    const pair = mergePair(gpt2Tokens[id]!, id, (token) => this.ranks.get(token));
    if (!pair) throw new Error(`no merge gives GPT-2's token ${id}`);
    for (const token of pair) this.addToken(this.ranks.get(token)!);
  }
}

/** The tokenizer of a {@link RestrictedVocabulary} of all `titles`. */
export function restrictedTokenizer(titles: Iterable<string>): Tokenizer {
  checkArgument('restrictedTokenizer', 'titles', titles, isTextSource);
  const vocabulary = new RestrictedVocabulary();
  for (const title of titles) vocabulary.add(title);
  return vocabulary.tokenizer();
}

import type { AddedToken } from './description.js';

/** Finds tokens in a text by what is written there: of those that begin at one place the longest. */
class TokenFinder {
  private readonly pattern: RegExp | undefined;
  private readonly tokens: ReadonlyMap<string, AddedToken>;

  /** @param written how a token is written in the texts. */
  constructor(tokens: readonly AddedToken[], written: (content: string) => string) {
    this.tokens = new Map(tokens.map((token) => [written(token.content), token]));
    const longestFirst = [...this.tokens.keys()].sort((a, b) => b.length - a.length);
    const names = longestFirst.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    // Special tokens are found too, so that no part of one is taken for another token, but stay text.
    const finds = tokens.some(({ special }) => !special);
    this.pattern = finds ? new RegExp(names.join('|'), 'gu') : undefined;
  }

  /** The text between the tokens that are found, and their ids, in order. */
  cut(text: string): (string | number)[] {
    if (!this.pattern) return [text];
    const parts: (string | number)[] = [];
    let start = 0;
    for (const { 0: found, index } of text.matchAll(this.pattern)) {
      const { id, special } = this.tokens.get(found)!;
      if (special) continue;
      parts.push(text.slice(start, index), id);
      start = index + found.length;
    }
    return [...parts, text.slice(start)];
  }
}

/**
 * Cuts a text at the tokens that were added to a vocabulary, in the two passes of Hugging Face's `tokenizers` with
 * `encode_special_tokens`: those that are not normalized, then the others in what is left, both put into a normal form.
 */
export class AddedTokens {
  private readonly first: TokenFinder;
  private readonly second: TokenFinder;

  /** @param normalize puts a text into the tokenizer's normal form. */
  constructor(
    tokens: readonly AddedToken[],
    private readonly normalize: (text: string) => string,
  ) {
    const asItIs = (text: string): string => text;
    this.first = new TokenFinder(
      tokens.filter(({ normalized }) => !normalized),
      asItIs,
    );
    this.second = new TokenFinder(
      tokens.filter(({ normalized }) => normalized),
      normalize,
    );
  }

  /** The text between the tokens, in normal form, and their ids, in order. */
  cut(text: string): readonly (string | number)[] {
    return this.first
      .cut(text)
      .flatMap((part) => (typeof part === 'number' ? [part] : this.second.cut(this.normalize(part))));
  }
}

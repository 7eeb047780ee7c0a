import type { AddedToken } from './description.js';

/** Finds tokens in a text by what is written there: of those that begin at one place the longest. */
class TokenFinder {
  private readonly pattern: RegExp | undefined;
  private readonly tokens: ReadonlyMap<string, AddedToken>;

  constructor(tokens: readonly AddedToken[]) {
    this.tokens = new Map(tokens.map((token) => [token.content, token]));
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
 * `encode_special_tokens`: those that are not normalized, then the others in what is left.
 */
export class AddedTokens {
  private readonly passes: readonly TokenFinder[];

  constructor(tokens: readonly AddedToken[]) {
    this.passes = [false, true].map(
      (second) => new TokenFinder(tokens.filter(({ normalized }) => normalized === second)),
    );
  }

  /** The text between the tokens, and their ids, in order. */
  cut(text: string): readonly (string | number)[] {
    let parts: readonly (string | number)[] = [text];
    for (const pass of this.passes)
      parts = parts.flatMap((part) => (typeof part === 'number' ? [part] : pass.cut(part)));
    return parts;
  }
}

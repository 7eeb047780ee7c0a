import { usageError } from '../../common/errors.js';
import {
  checkArgument,
  checkArguments,
  hasMethod,
  isTextSource,
  required,
} from '../../options/call-arguments.js';
import type { Tokenizer } from './tokenizer.js';

/** Token ids: 16 bits each where the vocabulary allows it, else 32. */
export type TokenIds = Uint16Array | Uint32Array;

/** Titles as token ids, in memory or on disk. Title i has `offsets[i + 1] - offsets[i]`, without start and end ids. */
export interface TokenizedTitles {
  /** Length: number of titles + 1. */
  readonly offsets: Uint32Array;
  /** The tokens of one title; valid until the next call. */
  tokensOf(title: number): TokenIds;
}

/**
 * Number of tokens of the prompt before a title.
 * @param promptEnds tokens that end a prompt; undefined: there are none.
 */
export function promptLength(text: TokenIds, promptEnds: ReadonlySet<number> | undefined): number {
  return promptEnds === undefined ? 0 : text.findLastIndex((token) => promptEnds.has(token)) + 1;
}

/** The same titles without the prompts before them. @param promptEnds as for {@link promptLength}. */
export function withoutPrompts(
  titles: TokenizedTitles,
  promptEnds: ReadonlySet<number> | undefined,
): TokenizedTitles {
  if (promptEnds === undefined) return titles;
  const tokensOf = (title: number): TokenIds => {
    const text = titles.tokensOf(title);
    return text.subarray(promptLength(text, promptEnds));
  };
  const offsets = new Uint32Array(titles.offsets.length);
  for (let title = 0; title + 1 < offsets.length; title++)
    offsets[title + 1] = offsets[title]! + tokensOf(title).length;
  return { offsets, tokensOf };
}

/** Titles with more tokens are left out. */
export interface TokenLimits {
  readonly maximumTokens: number;
}

/** An array for token ids of a vocabulary. @param length in tokens. */
export function tokenArray(vocabularySize: number, length: number): TokenIds {
  return vocabularySize > 2 ** 16 ? new Uint32Array(length) : new Uint16Array(length);
}

/** Length of the longest token in bytes. */
function longestToken(tokenizer: Tokenizer): number {
  let longest = 0;
  for (let token = 0; token < tokenizer.vocabularySize; token++) {
    longest = Math.max(longest, tokenizer.tokenBytes(token).length);
  }
  return longest;
}

/** Encodes titles one at a time, and counts those left out as too long. */
export class TitleEncoder {
  tooLong = 0;
  private readonly maximumBytes: number;

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly limits: TokenLimits,
  ) {
    this.maximumBytes = limits.maximumTokens * longestToken(tokenizer);
  }

  /** The tokens of a title; undefined if there are too many. */
  encode(title: string): number[] | undefined {
    // Merging takes time quadratic in the length of a word, so titles that cannot fit are not encoded at all. A text
    // has at least as many bytes as UTF-16 code units.
    const encoded = title.length > this.maximumBytes ? undefined : this.tokenizer.encode(title);
    if (encoded !== undefined && encoded.length <= this.limits.maximumTokens) return encoded;
    this.tooLong += 1;
    return undefined;
  }
}

/** Tokenizes titles in order, in memory. Titles of more than `maximumTokens` are left out and counted. */
export function tokenizeTitles(
  titles: Iterable<string>,
  tokenizer: Tokenizer,
  limits: TokenLimits,
): { readonly titles: TokenizedTitles; readonly tooLong: number } {
  checkArgument('tokenizeTitles', 'titles', titles, isTextSource);
  checkArgument('tokenizeTitles', 'tokenizer', tokenizer, required(hasMethod('encode', 'tokenizer')));
  const maximumTokens = { type: 'integer', minimum: 1, maximum: 1_000_000 } as const;
  const checked = checkArguments('tokenizeTitles', limits, { maximumTokens });
  if (checked.maximumTokens === undefined) throw usageError('tokenizeTitles needs maximumTokens.');
  const encoder = new TitleEncoder(tokenizer, checked);
  const ends = [0];
  let tokens = tokenArray(tokenizer.vocabularySize, 2 ** 16);
  let length = 0;
  for (const title of titles) {
    const encoded = encoder.encode(title);
    if (encoded === undefined) continue;
    if (length + encoded.length > tokens.length) {
      const grown = tokenArray(tokenizer.vocabularySize, 2 * (length + encoded.length));
      grown.set(tokens);
      tokens = grown;
    }
    tokens.set(encoded, length);
    length += encoded.length;
    ends.push(length);
  }
  const offsets = Uint32Array.from(ends);
  const tokensOf = (title: number): TokenIds => tokens.subarray(offsets[title], offsets[title + 1]);
  return { titles: { offsets, tokensOf }, tooLong: encoder.tooLong };
}

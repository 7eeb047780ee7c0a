import { decodeTokens } from './byte-pair-tokenizer.js';
import { startOf, type Tokenizer } from './tokenizer.js';

const nothing = new Uint8Array(0);

/** A tokenizer of a model whose token embedding has more rows than there are tokens: the ids of these stand for nothing. */
class PaddedTokenizer implements Tokenizer {
  readonly endOfTextId: number;
  readonly startOfTextId: number;

  constructor(
    private readonly own: Tokenizer,
    readonly vocabularySize: number,
  ) {
    this.endOfTextId = own.endOfTextId;
    this.startOfTextId = startOf(own);
  }

  encode(text: string): number[] {
    return this.own.encode(text);
  }

  tokenBytes(token: number): Uint8Array {
    const isPadding = token >= this.own.vocabularySize && token < this.vocabularySize;
    return isPadding ? nothing : this.own.tokenBytes(token);
  }

  decode(tokens: Iterable<number>): string {
    return decodeTokens(this, tokens);
  }

  files(): ReadonlyMap<string, string> {
    return this.own.files();
  }
}

/** A tokenizer with as many ids as a model has rows, at least its own. */
export function withRows(tokenizer: Tokenizer, rows: number): Tokenizer {
  return rows === tokenizer.vocabularySize ? tokenizer : new PaddedTokenizer(tokenizer, rows);
}

/** The ids that stand for no text, and do not end one: a text never gets them. In order. */
export function silentTokens(tokenizer: Tokenizer): readonly number[] {
  const ids: number[] = [];
  for (let id = 0; id < tokenizer.vocabularySize; id++) {
    if (id !== tokenizer.endOfTextId && tokenizer.tokenBytes(id).length === 0) ids.push(id);
  }
  return ids;
}

/** Text to token ids and back. Every implementation is byte-level: any text can be encoded whose bytes all have tokens. */
export interface Tokenizer {
  readonly vocabularySize: number;
  /** The id that ends every title, and starts it (`<|endoftext|>`; 50256 in the full GPT-2 vocabulary). */
  readonly endOfTextId: number;
  /** The id that starts every title, where it is another than the one that ends it: `bos_token` in Hugging Face's files. */
  readonly startOfTextId?: number;
  /** Plain text only: `<|endoftext|>` in a title is encoded as ordinary characters, never as the special id. */
  encode(text: string): number[];
  /** Invalid UTF-8 becomes U+FFFD; `endOfTextId` decodes to nothing. */
  decode(tokens: Iterable<number>): string;
  /**
   * The bytes one token stands for (a token may be part of a character). Empty for `endOfTextId`, other special tokens, and
   * rows of a model that have no token.
   */
  tokenBytes(token: number): Uint8Array;
  /** Files that let Hugging Face's AutoTokenizer open the checkpoint folder: name to content. */
  files(): ReadonlyMap<string, string>;
}

/** The id that starts every title. */
export function startOf(tokenizer: Pick<Tokenizer, 'endOfTextId' | 'startOfTextId'>): number {
  return tokenizer.startOfTextId ?? tokenizer.endOfTextId;
}

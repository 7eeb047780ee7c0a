/** Text to token ids and back. Every implementation is byte-level, so any text can be encoded. */
export interface Tokenizer {
  readonly vocabularySize: number;
  /** The single id that starts and ends every title (`<|endoftext|>`; 50256 in the full GPT-2 vocabulary). */
  readonly endOfTextId: number;
  /** Plain text only: `<|endoftext|>` in a title is encoded as ordinary characters, never as the special id. */
  encode(text: string): number[];
  /** Invalid UTF-8 becomes U+FFFD; `endOfTextId` decodes to nothing. */
  decode(tokens: Iterable<number>): string;
  /** The bytes one token stands for (a token may be part of a character). Empty for `endOfTextId`. */
  tokenBytes(token: number): Uint8Array;
  /** Files that let Hugging Face's AutoTokenizer open the checkpoint folder: name to content. */
  files(): ReadonlyMap<string, string>;
}

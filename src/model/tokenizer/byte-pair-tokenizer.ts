import { type ArgumentCheck, checkArgument, isText } from '../../options/call-arguments.js';
import { BytePairEncoder } from './byte-pair-encoder.js';
import { formatTokenizerFiles } from './huggingface-files.js';
import type { Tokenizer } from './tokenizer.js';

const isIds: ArgumentCheck = {
  accepts: (value) => typeof value === 'object' && value !== null && Symbol.iterator in value,
  fault: 'is no list of ids',
  required: true,
};

const lenientDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A byte string as bytes. */
export function toBytes(token: string): Uint8Array {
  return Uint8Array.from(token, (byte) => byte.charCodeAt(0));
}

function concatenate(arrays: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let length = 0;
  for (const array of arrays) {
    bytes.set(array, length);
    length += array.length;
  }
  return bytes;
}

/** A token's bytes, of those of all ids. @throws RangeError for an id outside the vocabulary. */
export function bytesOfToken(all: readonly Uint8Array[], token: number): Uint8Array {
  const bytes = all[token];
  if (!bytes) throw new RangeError(`token ${token} is not in a vocabulary of ${all.length}`);
  return bytes;
}

/**
 * The text of tokens; invalid UTF-8 becomes U+FFFD.
 * @throws TitlesmithError `usage` for what is no list of ids; RangeError for an id outside the vocabulary.
 */
export function decodeTokens(tokenizer: Pick<Tokenizer, 'tokenBytes'>, tokens: Iterable<number>): string {
  checkArgument('tokenizer.decode', 'tokens', tokens, isIds);
  return lenientDecoder.decode(concatenate(Array.from(tokens, (token) => tokenizer.tokenBytes(token))));
}

/**
 * Byte-level BPE over a table of tokens: id is rank, and the end token comes last. The table must contain every
 * single byte, and for each longer token the two it is merged from.
 */
export class BytePairTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly endOfTextId: number;
  private readonly bytes: readonly Uint8Array[];
  private readonly encoder: BytePairEncoder;

  /** @param tokens byte strings in order of rank, without the end token. */
  constructor(private readonly tokens: readonly string[]) {
    this.endOfTextId = tokens.length;
    this.vocabularySize = tokens.length + 1;
    this.bytes = [...tokens.map(toBytes), new Uint8Array(0)];
    this.encoder = new BytePairEncoder(tokens);
  }

  /** @throws TitlesmithError `usage` for what is no text. */
  encode(text: string): number[] {
    if (typeof text !== 'string') checkArgument('tokenizer.encode', 'text', text, isText);
    return this.encoder.encode(text);
  }

  /** @throws RangeError for an id outside the vocabulary. */
  tokenBytes(token: number): Uint8Array {
    return bytesOfToken(this.bytes, token);
  }

  /** @throws TitlesmithError `usage` for what is no list of ids; RangeError for an id outside the vocabulary. */
  decode(tokens: Iterable<number>): string {
    return decodeTokens(this, tokens);
  }

  files(): ReadonlyMap<string, string> {
    return formatTokenizerFiles(this.tokens);
  }
}

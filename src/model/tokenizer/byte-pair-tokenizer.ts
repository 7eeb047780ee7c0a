import { BytePairEncodingCore } from 'gpt-tokenizer/BytePairEncodingCore';
import type { Tokenizer } from './contract.js';
import { formatTokenizerFiles, specialToken } from './huggingface-files.js';

/**
 * GPT-2's split into pieces, which merges never cross (its encoder.py). Departures in writing, not in outcome:
 * `\s` of JavaScript is not Unicode's White_Space (U+0085, U+FEFF), so that is spelt out; and U+FEFF is a piece of
 * its own, since gpt-tokenizer's core drops it inside one. No GPT-2 token joins U+FEFF to anything but a space before.
 */
const pieces =
  / ?\uFEFF|'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}\uFEFF]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

function toBytes(token: string): Uint8Array {
  return Uint8Array.from(token, (byte) => byte.charCodeAt(0));
}

/** gpt-tokenizer wants text where a token is valid UTF-8, bytes where it is not. */
function toRawRank(bytes: Uint8Array): string | readonly number[] {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return [...bytes];
  }
}

/**
 * Byte-level BPE over a table of tokens: id is rank, and the end token comes last. The table must hold every single
 * byte, and with each longer token the two it is merged from.
 */
export class BytePairTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly endOfTextId: number;
  private readonly bytes: readonly Uint8Array[];
  private readonly core: BytePairEncodingCore;

  /** @param tokens byte strings in order of rank, the end token left out. */
  constructor(private readonly tokens: readonly string[]) {
    this.endOfTextId = tokens.length;
    this.vocabularySize = tokens.length + 1;
    this.bytes = [...tokens.map(toBytes), new Uint8Array(0)];
    this.core = new BytePairEncodingCore({
      bytePairRankDecoder: this.bytes.slice(0, -1).map(toRawRank),
      specialTokensEncoder: new Map([[specialToken, this.endOfTextId]]),
      tokenSplitRegex: pieces,
    });
  }

  encode(text: string): number[] {
    return this.core.encodeNative(text);
  }

  /** @throws RangeError for an id outside the vocabulary. */
  tokenBytes(token: number): Uint8Array {
    const bytes = this.bytes[token];
    if (!bytes) throw new RangeError(`token ${token} is not in a vocabulary of ${this.vocabularySize}`);
    return bytes;
  }

  decode(tokens: Iterable<number>): string {
    return lenientDecoder.decode(Buffer.concat(Array.from(tokens, (token) => this.tokenBytes(token))));
  }

  files(): ReadonlyMap<string, string> {
    return formatTokenizerFiles(this.tokens);
  }
}

import { checkArgument, isText } from '../../options/call-arguments.js';
import { AddedTokens } from './added-tokens.js';
import { fromAlphabet } from './byte-alphabet.js';
import { bytesOfToken, decodeTokens, toBytes } from './byte-pair-tokenizer.js';
import type { TextEnds, TokenizerDescription } from './description.js';
import { ListedMerges } from './listed-merges.js';
import type { Tokenizer } from './tokenizer.js';

const nothing = new Uint8Array(0);
const utf8 = new TextEncoder();

/** The bytes of each id: nothing for special tokens, and for ids that no token has. */
function bytesOf(
  { vocabulary, added }: TokenizerDescription,
  normalize: (text: string) => string,
): readonly Uint8Array[] {
  const ids = [...vocabulary.values(), ...added.map(({ id }) => id)];
  const bytes = new Array<Uint8Array>(ids.reduce((most, id) => Math.max(most, id + 1), 0)).fill(nothing);
  // A name that is not in the alphabet is written as it is, which is how Hugging Face's decoder reads it.
  for (const [name, id] of vocabulary) {
    const own = fromAlphabet(name);
    bytes[id] = own === undefined ? utf8.encode(name) : toBytes(own);
  }
  for (const { id, content, special, normalized } of added)
    bytes[id] = special ? nothing : utf8.encode(normalized ? normalize(content) : content);
  return bytes;
}

/** Byte-level BPE as a file describes it: any ids, tokens that were added, digits apart or not. */
export class DescribedTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly endOfTextId: number;
  readonly startOfTextId: number;
  private readonly bytes: readonly Uint8Array[];
  private readonly added: AddedTokens;
  private readonly merges: ListedMerges;

  /**
   * @param description without a fault.
   * @param ends special tokens of it.
   * @param content of the files that make Hugging Face's AutoTokenizer the same, by name.
   */
  constructor(
    description: TokenizerDescription,
    { start, end }: TextEnds,
    private readonly content: ReadonlyMap<string, string>,
  ) {
    this.startOfTextId = start;
    this.endOfTextId = end;
    const { unknown, vocabulary, normalization } = description;
    const normalize = (text: string): string =>
      normalization === undefined ? text : text.normalize(normalization);
    this.bytes = bytesOf(description, normalize);
    this.vocabularySize = this.bytes.length;
    this.added = new AddedTokens(description.added, normalize);
    const unknownId = unknown === undefined ? undefined : vocabulary.get(unknown);
    // A text that held the token it ends with would end there.
    this.merges = new ListedMerges(
      description,
      unknownId === start || unknownId === end ? undefined : unknownId,
    );
  }

  /** @throws TitlesmithError `usage` for what is no text. */
  encode(text: string): number[] {
    if (typeof text !== 'string') checkArgument('tokenizer.encode', 'text', text, isText);
    const ids: number[] = [];
    for (const part of this.added.cut(text)) {
      if (typeof part === 'number') ids.push(part);
      else this.merges.encode(part, ids);
    }
    return ids;
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
    return this.content;
  }
}

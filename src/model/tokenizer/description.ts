/** A token that is no result of merges: it is found in a text before that is cut into words. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Whether it stands for no text of its own, as those that start and end texts: no text is read as such a token. */
  readonly special: boolean;
  /** Whether it is looked for after those that are not, as Hugging Face's `tokenizers` does. */
  readonly normalized: boolean;
}

/** A byte-level BPE tokenizer as its files describe it, whatever ids its tokens have. */
export interface TokenizerDescription {
  /** Tokens in GPT-2's printable alphabet, and their ids. */
  readonly vocabulary: ReadonlyMap<string, number>;
  /** Pairs of tokens in the same alphabet, in order of rank. */
  readonly merges: readonly (readonly [string, string])[];
  readonly added: readonly AddedToken[];
  /** Whether each digit is a word of its own, as SmolLM2's are. */
  readonly digitsApart: boolean;
  /** Whether characters are composed (Unicode's NFC) before a text is cut; undefined: it stays as it is. */
  readonly normalization?: 'NFC' | undefined;
  /** Whether a word that is a token is taken whole before anything is merged; merges may not make such a token. */
  readonly ignoresMerges?: boolean | undefined;
  /** Stands for bytes that no token has; undefined: these are left out, as Hugging Face's `tokenizers` does. */
  readonly unknown?: string | undefined;
}

/** The tokens that a text begins and ends with. */
export interface TextEnds {
  readonly start: number;
  readonly end: number;
}

/** Largest number of ids: published vocabularies have up to 262,144. */
const mostIds = 1 << 20;

/**
 * What is wrong with a description: an id that is none or another token's, or a merge of what is not there.
 * @returns undefined if that is nothing.
 */
export function faultOf({ vocabulary, merges, added, unknown }: TokenizerDescription): string | undefined {
  const quoted = (text: string): string => JSON.stringify(text.slice(0, 40));
  const names = new Map<number, string>();
  const entries = [...vocabulary, ...added.map(({ content, id }) => [content, id] as const)];
  for (const [name, id] of entries) {
    if (name === '') return 'it has a token without a name';
    if (!Number.isInteger(id) || id < 0 || id >= mostIds)
      return `the id of ${quoted(name)} is no whole number from 0 to ${mostIds - 1}`;
    const other = names.get(id);
    if (other !== undefined && other !== name)
      return `${quoted(other)} and ${quoted(name)} have the same id, ${id}`;
    const known = vocabulary.get(name);
    if (known !== undefined && known !== id) return `${quoted(name)} has two ids, ${known} and ${id}`;
    names.set(id, name);
  }
  for (const [index, [first, second]] of merges.entries()) {
    const lacking = [first, second, first + second].find((token) => !vocabulary.has(token));
    if (lacking !== undefined)
      return `merge ${index + 1} needs ${quoted(lacking)}, which its vocabulary lacks`;
  }
  if (unknown !== undefined && !vocabulary.has(unknown))
    return `its unknown token, ${quoted(unknown)}, is not in its vocabulary`;
  return undefined;
}

import type { AddedToken, TokenizerDescription } from './description.js';

export const tokenizerFile = 'tokenizer.json';

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
/** How words are cut before ByteLevel cuts them where each digit is one of its own. */
const digits = { type: 'Digits', individual_digits: true };

function addedToken({ id, content, special, normalized }: AddedToken) {
  const [single_word, lstrip, rstrip] = [false, false, false];
  return { id, content, single_word, lstrip, rstrip, normalized, special };
}

/** The whole tokenizer in one file, as the `tokenizers` library reads it. */
export function formatTokenizerDocument(description: TokenizerDescription): string {
  const { vocabulary, merges, added, digitsApart, unknown = null } = description;
  const { normalization, ignoresMerges = false } = description;
  // `tokenizers` numbers added tokens itself, from the end of the vocabulary on, unless they are in it.
  const names = new Map([...vocabulary, ...added.map(({ content, id }) => [content, id] as const)]);
  const document = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map(addedToken),
    normalizer: normalization === undefined ? null : { type: normalization },
    pre_tokenizer: digitsApart ? { type: 'Sequence', pretokenizers: [digits, byteLevel] } : byteLevel,
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: unknown,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: ignoresMerges,
      vocab: Object.fromEntries(names),
      merges,
    },
  };
  return `${JSON.stringify(document)}\n`;
}

import { toAlphabet } from './byte-alphabet.js';
import { mergeParts, ranksOf } from './merges.js';

/** Starts and ends every title. */
export const specialToken = '<|endoftext|>';

export const vocabularyFile = 'vocab.json';
export const mergesFile = 'merges.txt';

const singleBytes = 256;

function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** Merges in order of rank, each as its two parts in the printable alphabet. */
function formatMerges(tokens: readonly string[]): [string, string][] {
  const ranks = ranksOf(tokens);
  return tokens.slice(singleBytes).map((token, index) => {
    const parts = mergeParts(token, singleBytes + index, (part) => ranks.get(part));
    if (!parts) throw new Error(`no merge makes token ${singleBytes + index}`);
    return [toAlphabet(parts[0]), toAlphabet(parts[1])];
  });
}

/** The whole tokenizer in one file, as the `tokenizers` library reads it. */
function tokenizerDocument(
  vocabulary: Readonly<Record<string, number>>,
  merges: readonly [string, string][],
) {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const [single_word, lstrip, rstrip, normalized] = [false, false, false, false];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      {
        id: vocabulary[specialToken],
        content: specialToken,
        single_word,
        lstrip,
        rstrip,
        normalized,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: vocabulary,
      merges,
    },
  };
}

/**
 * The files that let Hugging Face's AutoTokenizer open a folder: name to content.
 * @param tokens byte strings in order of rank, single bytes first; the end token, which is left out, comes last.
 */
export function formatTokenizerFiles(tokens: readonly string[]): ReadonlyMap<string, string> {
  const vocabulary = Object.fromEntries(
    [...tokens.map(toAlphabet), specialToken].map((text, id) => [text, id]),
  );
  const merges = formatMerges(tokens);
  const special = { bos_token: specialToken, eos_token: specialToken, unk_token: specialToken };
  const configuration = {
    tokenizer_class: 'GPT2Tokenizer',
    add_prefix_space: false,
    clean_up_tokenization_spaces: false,
    ...special,
  };
  return new Map([
    [vocabularyFile, json(vocabulary)],
    [mergesFile, ['#version: 0.2', ...merges.map((parts) => parts.join(' ')), ''].join('\n')],
    ['tokenizer_config.json', json(configuration)],
    ['special_tokens_map.json', json(special)],
    ['tokenizer.json', json(tokenizerDocument(vocabulary, merges))],
  ]);
}

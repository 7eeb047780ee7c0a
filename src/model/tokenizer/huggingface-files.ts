import { TitlesmithError } from '../../common/errors.js';
import { fromAlphabet, toAlphabet } from './byte-alphabet.js';
import { mergePair, ranksOf } from './merges.js';

/** Starts and ends every title. */
const specialToken = '<|endoftext|>';

export const vocabularyFile = 'vocab.json';
export const mergesFile = 'merges.txt';

const singleBytes = 256;

function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** Merges in order of rank, each a pair of tokens in the printable alphabet. */
function formatMerges(tokens: readonly string[]): [string, string][] {
  const ranks = ranksOf(tokens);
  return tokens.slice(singleBytes).map((token, index) => {
    const pair = mergePair(token, singleBytes + index, (candidate) => ranks.get(candidate));
    if (!pair) throw new Error(`no merge gives token ${singleBytes + index}`);
    return [toAlphabet(pair[0]), toAlphabet(pair[1])];
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
 * @param tokens byte strings in order of rank, single bytes first, without the end token, which gets the last id.
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
    [mergesFile, ['#version: 0.2', ...merges.map((pair) => pair.join(' ')), ''].join('\n')],
    ['tokenizer_config.json', json(configuration)],
    ['special_tokens_map.json', json(special)],
    ['tokenizer.json', json(tokenizerDocument(vocabulary, merges))],
  ]);
}

function malformed(where: string, what: string): TitlesmithError {
  return new TitlesmithError(`${where}: ${what}.`, {
    code: 'tokenizer-malformed',
    hint: "The folder must hold GPT-2's vocab.json and merges.txt, of one and the same tokenizer.",
  });
}

/** Tokens in order of id, in the printable alphabet; checks that ids are 0 to n − 1 and the end token comes last. */
function parseVocabulary(content: string, path: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw malformed(path, 'not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(path, 'not an object of tokens and their ids');
  }
  const entries = Object.entries(value as Record<string, unknown>);
  const tokens = new Array<string | undefined>(entries.length).fill(undefined);
  for (const [token, id] of entries) {
    const isFree = typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < tokens.length;
    if (!isFree || tokens[id] !== undefined) {
      throw malformed(path, `the ids are not the numbers from 0 to ${tokens.length - 1}, once each`);
    }
    tokens[id] = token;
  }
  if (tokens.pop() !== specialToken) throw malformed(path, `${specialToken} does not have the last id`);
  return tokens as string[];
}

/**
 * Checks that the merges give the tokens after the single bytes, one each and in that order.
 * @param printable the tokens in the printable alphabet, as in the merges.
 */
function checkMerges(
  content: string,
  path: string,
  { tokens, printable }: { tokens: readonly string[]; printable: readonly string[] },
): void {
  const ranks = ranksOf(tokens);
  const lines = content
    .split(/\r?\n/)
    .filter((line, index) => line !== '' && !(index === 0 && line[0] === '#'));
  if (lines.length !== tokens.length - singleBytes) {
    throw malformed(
      path,
      `${lines.length} merges, but ${vocabularyFile} needs ${tokens.length - singleBytes}`,
    );
  }
  for (const [index, line] of lines.entries()) {
    const rank = singleBytes + index;
    const pair = mergePair(tokens[rank]!, rank, (token) => ranks.get(token));
    if (line !== pair?.map((token) => printable[ranks.get(token)!]).join(' ')) {
      throw malformed(
        path,
        `merge ${index + 1}, ${JSON.stringify(line)}, does not make the token of id ${rank}`,
      );
    }
  }
}

/** The text of a tokenizer's two files, and the paths that name them in messages. */
interface TokenizerTexts {
  readonly vocabulary: { readonly path: string; readonly content: string };
  readonly merges: { readonly path: string; readonly content: string };
}

/**
 * The tokens of vocab.json and merges.txt in GPT-2's layout (single bytes first, then a token per merge in order of
 * rank, the end token last).
 * @returns byte strings in order of rank, without the end token.
 * @throws TitlesmithError when the two do not form such a tokenizer.
 */
export function parseTokenizerFiles({ vocabulary, merges }: TokenizerTexts): string[] {
  const { path } = vocabulary;
  const printable = parseVocabulary(vocabulary.content, path);
  const tokens = printable.map((text) => {
    const token = fromAlphabet(text);
    if (!token) throw malformed(path, `${JSON.stringify(text)} is not written in GPT-2's alphabet`);
    return token;
  });
  const bytes = new Set(tokens.slice(0, singleBytes));
  const isByteTable = bytes.size === singleBytes && [...bytes].every((token) => token.length === 1);
  if (!isByteTable) throw malformed(path, `ids 0 to ${singleBytes - 1} are not the single bytes`);
  checkMerges(merges.content, merges.path, { tokens, printable });
  return tokens;
}

import type { TitlesmithError } from '../../common/errors.js';
import { fromAlphabet, toAlphabet } from './byte-alphabet.js';
import type { TextEnds, TokenizerDescription } from './description.js';
import { malformedTokenizer, parseJsonObject } from './json-document.js';
import { mergePair, ranksOf } from './merges.js';
import { endOfText } from './text-ends.js';
import { formatTokenizerDocument, tokenizerFile } from './tokenizer-document.js';

export const vocabularyFile = 'vocab.json';
export const mergesFile = 'merges.txt';
export const tokenizerConfigurationFile = 'tokenizer_config.json';
export const specialTokensFile = 'special_tokens_map.json';

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

/**
 * The files that let Hugging Face's AutoTokenizer open a folder: name to content.
 * @param tokens byte strings in order of rank, single bytes first, without the end token, which gets the last id.
 */
export function formatTokenizerFiles(tokens: readonly string[]): ReadonlyMap<string, string> {
  const vocabulary = new Map([...tokens.map(toAlphabet), endOfText].map((text, id) => [text, id]));
  const merges = formatMerges(tokens);
  const end = { id: tokens.length, content: endOfText, special: true, normalized: false };
  const special = { bos_token: endOfText, eos_token: endOfText, unk_token: endOfText };
  const configuration = {
    tokenizer_class: 'GPT2Tokenizer',
    add_prefix_space: false,
    clean_up_tokenization_spaces: false,
    ...special,
  };
  return new Map([
    [vocabularyFile, json(Object.fromEntries(vocabulary))],
    [mergesFile, ['#version: 0.2', ...merges.map((pair) => pair.join(' ')), ''].join('\n')],
    [tokenizerConfigurationFile, json(configuration)],
    [specialTokensFile, json(special)],
    [tokenizerFile, formatTokenizerDocument({ vocabulary, merges, added: [end], digitsApart: false })],
  ]);
}

/** `tokenizer_config.json` of a tokenizer that is all in its `tokenizer.json`. */
export function formatTokenizerConfiguration(
  { added }: TokenizerDescription,
  { start, end }: TextEnds,
): string {
  const nameOf = (id: number): string | undefined => added.find((token) => token.id === id)?.content;
  return json({
    tokenizer_class: 'PreTrainedTokenizerFast',
    clean_up_tokenization_spaces: false,
    bos_token: nameOf(start),
    eos_token: nameOf(end),
  });
}

function malformed(where: string, what: string): TitlesmithError {
  return malformedTokenizer(
    where,
    what,
    "The folder must hold GPT-2's vocab.json and merges.txt, of one and the same tokenizer.",
  );
}

/** Tokens in order of id, in the printable alphabet; checks that ids are 0 to n − 1 and the end token comes last. */
function parseVocabulary(content: string, path: string): string[] {
  const value = parseJsonObject(content, (what) => malformed(path, what));
  const entries = Object.entries(value);
  const tokens = new Array<string | undefined>(entries.length).fill(undefined);
  for (const [token, id] of entries) {
    const isFree = typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < tokens.length;
    if (!isFree || tokens[id] !== undefined) {
      throw malformed(path, `the ids are not the numbers from 0 to ${tokens.length - 1}, once each`);
    }
    tokens[id] = token;
  }
  if (tokens.pop() !== endOfText) throw malformed(path, `${endOfText} does not have the last id`);
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

/** Whether the first tokens are the single bytes, in any order. */
function isByteTable(tokens: readonly string[]): boolean {
  const bytes = new Set(tokens.slice(0, singleBytes));
  return bytes.size === singleBytes && [...bytes].every((token) => token.length === 1);
}

/** The text of a tokenizer's two files, and the paths that name them in messages. */
export interface TokenizerTexts {
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
  if (!isByteTable(tokens)) throw malformed(path, `ids 0 to ${singleBytes - 1} are not the single bytes`);
  checkMerges(merges.content, merges.path, { tokens, printable });
  return tokens;
}

/**
 * The tokens of a tokenizer that is laid out as GPT-2's (see {@link parseTokenizerFiles}), whatever file describes it.
 * @returns undefined for any other.
 */
export function gpt2Layout(
  description: TokenizerDescription,
  { start, end }: TextEnds,
): string[] | undefined {
  const { vocabulary, merges, added, digitsApart, normalization } = description;
  const last = vocabulary.size - 1;
  // Each of its words that is a token is what merges make, so it is the same whether these are ignored.
  const isPlain =
    !digitsApart &&
    normalization === undefined &&
    start === last &&
    end === last &&
    vocabulary.get(endOfText) === last;
  if (!isPlain || added.some(({ id }) => id !== last) || merges.length !== last - singleBytes)
    return undefined;
  const tokens = new Array<string>(last);
  for (const [name, id] of vocabulary) {
    const token = id === last ? '' : fromAlphabet(name);
    if (token === undefined || id > last) return undefined;
    if (id !== last) tokens[id] = token;
  }
  if (!isByteTable(tokens)) return undefined;
  const ranks = ranksOf(tokens);
  const isListed = merges.every(([first, second], index) => {
    const rank = singleBytes + index;
    const pair = mergePair(tokens[rank]!, rank, (token) => ranks.get(token));
    return pair && toAlphabet(pair[0]) === first && toAlphabet(pair[1]) === second;
  });
  return isListed ? tokens : undefined;
}

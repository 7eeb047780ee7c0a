import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, TitlesmithError } from '../../common/errors.js';
import { fromAlphabet } from './byte-alphabet.js';
import { BytePairTokenizer } from './byte-pair-tokenizer.js';
import { mergesFile, specialToken, vocabularyFile } from './huggingface-files.js';
import { mergeParts, ranksOf } from './merges.js';
import type { Tokenizer } from './tokenizer.js';

const singleBytes = 256;

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw fileError('read', path, error);
  }
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
 * Checks that the merges make the tokens after the single bytes, one each and in that order.
 * @param written the tokens in the printable alphabet, as the merges have them.
 */
function checkMerges(
  content: string,
  path: string,
  { tokens, written }: { tokens: readonly string[]; written: readonly string[] },
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
    const parts = mergeParts(tokens[rank]!, rank, (token) => ranks.get(token));
    if (line !== parts?.map((part) => written[ranks.get(part)!]).join(' ')) {
      throw malformed(
        path,
        `merge ${index + 1}, ${JSON.stringify(line)}, does not make the token of id ${rank}`,
      );
    }
  }
}

/** Names of the two files, which OpenAI and Hugging Face call differently. */
export interface TokenizerFileNames {
  readonly vocabulary: string;
  readonly merges: string;
}

/**
 * Opens the tokenizer of a checkpoint folder: vocab.json and merges.txt in GPT-2's layout (single bytes first, a token
 * a merge in order of rank, the end token last).
 * @param names other names of the files.
 * @throws TitlesmithError when a file is missing, or the two are not such a tokenizer.
 */
export async function loadTokenizer(
  folder: string,
  names: TokenizerFileNames = { vocabulary: vocabularyFile, merges: mergesFile },
): Promise<Tokenizer> {
  const path = join(folder, names.vocabulary);
  const written = parseVocabulary(await readText(path), path);
  const tokens = written.map((text) => {
    const token = fromAlphabet(text);
    if (!token) throw malformed(path, `${JSON.stringify(text)} is not written in GPT-2's alphabet`);
    return token;
  });
  const bytes = new Set(tokens.slice(0, singleBytes));
  const isByteTable = bytes.size === singleBytes && [...bytes].every((token) => token.length === 1);
  if (!isByteTable) throw malformed(path, `ids 0 to ${singleBytes - 1} are not the single bytes`);
  const mergesPath = join(folder, names.merges);
  checkMerges(await readText(mergesPath), mergesPath, { tokens, written });
  return new BytePairTokenizer(tokens);
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../common/errors.js';
import { checkArgument, isText } from '../../options/call-arguments.js';
import { BytePairTokenizer } from '../tokenizer/byte-pair-tokenizer.js';
import { mergesFile, parseTokenizerFiles, vocabularyFile } from '../tokenizer/huggingface-files.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';

/**
 * Opens the tokenizer of a model's folder: GPT-2's vocab.json and merges.txt.
 * @param names other names of the two files, such as OpenAI's.
 * @throws TitlesmithError when a file is missing, or the two do not form such a tokenizer.
 */
export async function loadTokenizer(
  folder: string,
  names: { readonly vocabulary: string; readonly merges: string } = {
    vocabulary: vocabularyFile,
    merges: mergesFile,
  },
): Promise<Tokenizer> {
  checkArgument('loadTokenizer', 'folder', folder, isText);
  const [vocabulary, merges] = [
    await readText(folder, names.vocabulary),
    await readText(folder, names.merges),
  ];
  return new BytePairTokenizer(parseTokenizerFiles({ vocabulary, merges }));
}

async function readText(folder: string, name: string): Promise<{ path: string; content: string }> {
  const path = join(folder, name);
  try {
    return { path, content: await readFile(path, 'utf8') };
  } catch (error) {
    throw fileError('read', path, error);
  }
}

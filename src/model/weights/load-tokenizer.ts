import { readTextIn } from '../../io/byte-folder.js';
import { fileFolder } from '../../io/file-source.js';
import { checkArgument, isText } from '../../options/call-arguments.js';
import { BytePairTokenizer } from '../tokenizer/byte-pair-tokenizer.js';
import { parseTokenizerFiles } from '../tokenizer/huggingface-files.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { tokenizerIn } from './folder-tokenizer.js';

/** Opens the tokenizer of a model's folder on a disk. @throws TitlesmithError as {@link tokenizerIn}. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  checkArgument('loadTokenizer', 'folder', folder, isText);
  return tokenizerIn(fileFolder(folder));
}

/**
 * GPT-2's tokenizer from two files of other names, such as OpenAI's.
 * @throws TitlesmithError when a file is missing, or the two do not form such a tokenizer.
 */
export async function loadTokenizerPair(
  folder: string,
  names: { readonly vocabulary: string; readonly merges: string },
): Promise<Tokenizer> {
  const files = fileFolder(folder);
  const read = async (name: string): Promise<{ path: string; content: string }> => ({
    path: files.pathOf(name),
    content: await readTextIn(files, name),
  });
  const [vocabulary, merges] = [await read(names.vocabulary), await read(names.merges)];
  return new BytePairTokenizer(parseTokenizerFiles({ vocabulary, merges }));
}

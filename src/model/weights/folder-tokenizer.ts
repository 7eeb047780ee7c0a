import { TitlesmithError } from '../../common/errors.js';
import { type ByteFolder, readOptionalIn, readTextIn } from '../../io/byte-folder.js';
import { BytePairTokenizer } from '../tokenizer/byte-pair-tokenizer.js';
import { DescribedTokenizer } from '../tokenizer/described-tokenizer.js';
import type { TokenizerDescription } from '../tokenizer/description.js';
import {
  formatTokenizerConfiguration,
  gpt2Layout,
  mergesFile,
  parseTokenizerFiles,
  specialTokensFile,
  tokenizerConfigurationFile,
  vocabularyFile,
} from '../tokenizer/huggingface-files.js';
import { type JsonObject, malformedTokenizer, parseJsonObject } from '../tokenizer/json-document.js';
import { addedTokensFile, describePair, isGpt2Pair } from '../tokenizer/pair-description.js';
import { type EndsSources, findTextEnds, withSpecialEnds } from '../tokenizer/text-ends.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { formatTokenizerDocument, tokenizerFile } from '../tokenizer/tokenizer-document.js';
import { parseTokenizerDocument } from '../tokenizer/tokenizer-document-reader.js';

/** Of a folder's names, the files of its tokenizer: those it needs, there or not, and those it reads where they are. */
export function tokenizerFilesOf(present: readonly string[]): readonly string[] {
  const isPair = [vocabularyFile, mergesFile].some((name) => present.includes(name));
  const isDocument = present.includes(tokenizerFile) || !isPair;
  const needed = isDocument ? [tokenizerFile] : [vocabularyFile, mergesFile];
  const beside = [tokenizerConfigurationFile, specialTokensFile, ...(isDocument ? [] : [addedTokensFile])];
  return [...needed, ...beside.filter((name) => present.includes(name))];
}

/**
 * Opens the tokenizer of a model's folder: `tokenizer.json`, or else GPT-2's vocab.json and merges.txt; and what files
 * beside these say of special tokens.
 * @throws TitlesmithError when a file is missing, they do not form a tokenizer, or it is of a kind that is not supported.
 */
export async function tokenizerIn(folder: ByteFolder): Promise<Tokenizer> {
  const document = await readOptionalIn(folder, tokenizerFile);
  const sources = {
    tokenizer: await readObject(folder, tokenizerConfigurationFile),
    map: await readObject(folder, specialTokensFile),
    model: await readObject(folder, 'config.json'),
  };
  return document === undefined
    ? pairTokenizer(folder, sources)
    : documentTokenizer(folder, document, sources);
}

/** @throws TitlesmithError as {@link tokenizerIn}. */
async function documentTokenizer(
  folder: ByteFolder,
  document: string,
  sources: EndsSources,
): Promise<Tokenizer> {
  const path = folder.pathOf(tokenizerFile);
  const description = parseTokenizerDocument(document, path);
  const ends = findTextEnds(description, sources, (what) => malformedTokenizer(path, what, endsHint));
  const plain = gpt2Layout(description, ends);
  if (plain) return new BytePairTokenizer(plain);
  const files = new Map([[tokenizerFile, document]]);
  for (const name of [tokenizerConfigurationFile, specialTokensFile]) {
    const content = await readOptionalIn(folder, name);
    if (content !== undefined) files.set(name, content);
  }
  const special = withSpecialEnds(description, ends);
  if (!files.has(tokenizerConfigurationFile))
    files.set(tokenizerConfigurationFile, formatTokenizerConfiguration(special, ends));
  return new DescribedTokenizer(special, ends, files);
}

const endsHint =
  'Name bos_token and eos_token in tokenizer_config.json, as save_pretrained of transformers does.';

async function pairTokenizer(folder: ByteFolder, sources: EndsSources): Promise<Tokenizer> {
  const vocabulary = await readOptionalIn(folder, vocabularyFile);
  if (vocabulary === undefined) {
    throw new TitlesmithError(
      `${folder.name} has no ${tokenizerFile}, nor ${vocabularyFile} and ${mergesFile}.`,
      {
        code: 'tokenizer-missing',
        hint: 'Put the tokenizer of the model there: save_pretrained of transformers writes it.',
      },
    );
  }
  const path = folder.pathOf(vocabularyFile);
  const texts = {
    vocabulary: { path, content: vocabulary },
    merges: { path: folder.pathOf(mergesFile), content: await readTextIn(folder, mergesFile) },
  };
  const added = await readObject(folder, addedTokensFile);
  if (isGpt2Pair(texts, sources, added)) return new BytePairTokenizer(parseTokenizerFiles(texts));
  const description = describePair(texts, sources, added);
  const ends = findTextEnds(description, sources, (what) => malformedTokenizer(path, what, endsHint));
  return describedTokenizer(description, ends);
}

/** A tokenizer that no `tokenizer.json` described: it gets one. @param description without a fault. */
export function describedTokenizer(
  description: TokenizerDescription,
  ends: { readonly start: number; readonly end: number },
): Tokenizer {
  const plain = gpt2Layout(description, ends);
  if (plain) return new BytePairTokenizer(plain);
  const special = withSpecialEnds(description, ends);
  const files = new Map([
    [tokenizerFile, formatTokenizerDocument(special)],
    [tokenizerConfigurationFile, formatTokenizerConfiguration(special, ends)],
  ]);
  return new DescribedTokenizer(special, ends, files);
}

async function readObject(folder: ByteFolder, name: string): Promise<JsonObject | undefined> {
  const content = await readOptionalIn(folder, name);
  const hint = 'Take the file from the model again, or remove it.';
  return content === undefined
    ? undefined
    : parseJsonObject(content, (what) => malformedTokenizer(folder.pathOf(name), what, hint));
}

import { readFile } from 'node:fs/promises';
import { fileError, usageError } from '../../common/errors.js';
import type { GenerationOptions } from '../../model/generation/generation-options.js';
import { checkCapacity, encodePrompts, longestPrompt, type Prompt } from '../../model/generation/prompts.js';
import type { OpenModel } from '../../model/weights/open-model.js';
import type { RunOptions } from '../../options/option-table.js';

/** Generation options checked against a model, and the sizes that follow from them. */
interface PreparedGeneration {
  readonly options: GenerationOptions;
  /** The tokenized prefixes. */
  readonly prompts: readonly Prompt[];
  /** Total number of texts. */
  readonly texts: number;
  /** Maximum tokens of a text, including its start token and prefix. */
  readonly capacity: number;
}

/**
 * Reads the prefixes and checks the options against a model, whose weights need not be loaded yet.
 * @param hiddenPrefix what the model reads before each prefix, never shown.
 * @throws TitlesmithError when a prefix plus the new tokens exceeds the model's context, the prefix file is invalid, or an
 *   option is wrong.
 */
export async function prepareGeneration(
  runOptions: RunOptions,
  { configuration, tokenizer }: Pick<OpenModel, 'configuration' | 'tokenizer'>,
  hiddenPrefix?: string,
): Promise<PreparedGeneration> {
  const { nsamples, length } = runOptions;
  const prefixes = await readPrefixes(runOptions);
  const options: GenerationOptions = { ...runOptions, prefixes, hiddenPrefix };
  const prompts = encodePrompts(tokenizer, options);
  checkCapacity(prompts, options, { capacity: configuration.contextLength });
  return { options, prompts, texts: nsamples * prompts.length, capacity: longestPrompt(prompts) + length };
}

/** The prefixes in --prefix-file; undefined without it. @throws as {@link readPrefixFile}. */
export async function readPrefixes({ prefixFile }: RunOptions): Promise<readonly string[] | undefined> {
  return prefixFile === undefined ? undefined : readPrefixFile(prefixFile);
}

const largestPrefixFile = 64 * 2 ** 20;

/**
 * Reads a file of prefixes, one per line. Empty lines are skipped; trailing white space is part of the prefix.
 * @throws TitlesmithError when it cannot be read, is not UTF-8, is larger than 64 MB or holds no prefix.
 */
export async function readPrefixFile(path: string): Promise<string[]> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    throw fileError('read', path, error);
  }
  if (content.length > largestPrefixFile) throw usageError(`--prefix-file ${path} is larger than 64 MB.`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw usageError(`--prefix-file ${path} is not UTF-8 text.`, 'Save it as UTF-8, one prefix a line.');
  }
  const prefixes = text.split(/\r?\n/).filter((line) => line !== '');
  if (prefixes.length === 0) throw usageError(`--prefix-file ${path} holds no prefix.`);
  return prefixes;
}

import type { GenerationOptions } from '../../model/generation/options.js';
import { checkCapacity, encodePrompts, longestPrompt, type Prompt } from '../../model/generation/prompts.js';
import type { OpenModel } from '../../model/weights/open-model.js';
import type { RunOptions } from '../../options/option-table.js';
import { readPrefixFile } from '../prefix-file.js';

/** What is asked of generation, checked against a model, and the positions that takes. */
export interface PreparedGeneration {
  readonly options: GenerationOptions;
  /** The prefixes as tokens. */
  readonly prompts: readonly Prompt[];
  /** Texts in all. */
  readonly texts: number;
  /** Tokens of the longest text, its start and prefix included. */
  readonly capacity: number;
}

/**
 * Reads what a run's options ask for, and checks it against a model whose weights need not be there yet.
 * @throws TitlesmithError when a prefix with the new tokens is longer than the model's context, a file of prefixes is
 *   not as it should be, or an option is wrong.
 */
export async function prepareGeneration(
  runOptions: RunOptions,
  { configuration, tokenizer }: Pick<OpenModel, 'configuration' | 'tokenizer'>,
): Promise<PreparedGeneration> {
  const { prefixFile, nsamples, length } = runOptions;
  const prefixes = prefixFile === undefined ? undefined : await readPrefixFile(prefixFile);
  const options: GenerationOptions = { ...runOptions, prefixes };
  const prompts = encodePrompts(tokenizer, options);
  checkCapacity(prompts, options, configuration.contextLength);
  return { options, prompts, texts: nsamples * prompts.length, capacity: longestPrompt(prompts) + length };
}

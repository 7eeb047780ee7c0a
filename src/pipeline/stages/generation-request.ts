import type { GenerationOptions } from '../../model/generation/options.js';
import { longestPrompt, readPrompts } from '../../model/generation/prompts.js';
import type { OpenModel } from '../../model/weights/open-model.js';
import type { RunOptions } from '../../options/option-table.js';
import { readPrefixFile } from '../prefix-file.js';

/** What is asked of generation, and the positions that takes. */
export interface GenerationRequest {
  readonly wanted: GenerationOptions;
  /** Texts in all. */
  readonly texts: number;
  /** Tokens of the longest text, its start and prefix included. */
  readonly capacity: number;
}

/**
 * Reads what the options ask for, and checks it against a model whose weights need not be there yet.
 * @throws TitlesmithError when a prefix with the new tokens is longer than the model's context, a file of prefixes is
 *   not as it should be, or an option is wrong.
 */
export async function generationRequest(
  options: RunOptions,
  { configuration, tokenizer }: Pick<OpenModel, 'configuration' | 'tokenizer'>,
): Promise<GenerationRequest> {
  const prefixes = options.prefixFile === undefined ? undefined : await readPrefixFile(options.prefixFile);
  const wanted: GenerationOptions = { ...options, prefixes };
  const { contextLength: capacity, vocabularySize } = configuration;
  const longest = longestPrompt(tokenizer, wanted);
  readPrompts({ capacity, vocabularySize }, tokenizer, wanted);
  return { wanted, texts: options.nsamples * (prefixes?.length ?? 1), capacity: longest + options.length };
}

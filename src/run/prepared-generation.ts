import type { GenerationOptions } from '../model/generation/generation-options.js';
import { checkCapacity, encodePrompts, longestPrompt, type Prompt } from '../model/generation/prompts.js';
import type { OpenModel } from '../model/weights/open-model.js';
import type { RunOptions } from '../options/option-table.js';

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
 * Checks the options against a model, whose weights need not be loaded yet.
 * @param texts those of --prefix-file, and what the model reads before each prefix, never shown.
 * @throws TitlesmithError when a prefix plus the new tokens exceeds the model's context, or an option is wrong.
 */
export function prepareGeneration(
  runOptions: RunOptions,
  { configuration, tokenizer }: Pick<OpenModel, 'configuration' | 'tokenizer'>,
  { prefixes, hiddenPrefix }: Pick<GenerationOptions, 'prefixes' | 'hiddenPrefix'> = {},
): PreparedGeneration {
  const { nsamples, length } = runOptions;
  const options: GenerationOptions = { ...runOptions, prefixes, hiddenPrefix };
  const prompts = encodePrompts(tokenizer, options);
  checkCapacity(prompts, options, { capacity: configuration.contextLength });
  return { options, prompts, texts: nsamples * prompts.length, capacity: longestPrompt(prompts) + length };
}

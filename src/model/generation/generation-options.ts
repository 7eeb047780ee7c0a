import { usageError } from '../../common/errors.js';
import type { ValuesOf } from '../../options/option-row.js';
import { checkOption, checkOptions, defaultsOf } from '../../options/option-values.js';
import { generationOptions, httpText, samplingOptions } from '../../options/table/generation.js';
import { httpSeed } from '../../options/table/run.js';

type Values = ValuesOf<typeof generationOptions>;

/**
 * How one token is chosen from the model's logits. `temperature` divides them; 0, and what is below
 * {@link lowestTemperature}, takes the likeliest token, the first of several. Of the `topK` likeliest tokens, those stay
 * in the draw that together make up `topP`, the one that crosses it included. 0 switches either off.
 */
export interface SamplingOptions extends ValuesOf<typeof samplingOptions> {}

/** What is asked of generation. Names as in gpt-2-simple; bounds and help stand in the option table. */
export interface GenerationOptions
  extends SamplingOptions,
    Pick<Values, 'nsamples' | 'length' | 'includePrefix'>,
    Partial<Pick<Values, 'prefix' | 'delimiters'>> {
  /** With its index it decides each text. Any safe integer. */
  readonly seed: number;
  /** What the model reads before the prefix, never shown (src/data/conditioning.ts). */
  readonly hiddenPrefix?: string | undefined;
  /** Several prefixes instead of one. Text i goes on from prefix ⌊i / nsamples⌋. */
  readonly prefixes?: readonly string[] | undefined;
  /** Text, or texts, at the first of which an output ends, itself not shown. Looked for after the prefix only. */
  readonly truncate?: string | readonly string[] | undefined;
  /** Indices of texts that are there already, and not generated again. */
  readonly finished?: ReadonlySet<number> | undefined;
}

/** What stands for options that are left out: the table's defaults, but one text, and seed 0. */
export const generationDefaults: GenerationOptions = {
  ...defaultsOf(samplingOptions),
  length: generationOptions.length.default,
  includePrefix: generationOptions.includePrefix.default,
  nsamples: 1,
  seed: 0,
};

/** Below it float32 logits, divided by the temperature, are too coarse to tell likely tokens apart. */
const lowestTemperature = 1e-4;

const mostPrefixes = 1_000_000;

/** The temperature that is sampled with: 0 for those too low to matter. */
export function effectiveTemperature(temperature: number): number {
  return temperature < lowestTemperature ? 0 : temperature;
}

const { length, includePrefix, delimiters } = generationOptions;
const rows = {
  length,
  includePrefix,
  delimiters,
  ...samplingOptions,
  // A caller may take as many texts as it likes off the iterator.
  nsamples: { ...generationOptions.nsamples, maximum: Number.MAX_SAFE_INTEGER },
  seed: httpSeed,
};

/**
 * Checks options.
 * @throws TitlesmithError `usage` naming the flag, the value and the rule it breaks.
 */
export function validateGenerationOptions(options: GenerationOptions): void {
  const { prefix, hiddenPrefix, prefixes, truncate } = options;
  checkOptions(rows, { ...options });
  if (prefix !== undefined && prefixes !== undefined) {
    throw usageError(
      '--prefix and --prefix-file are given, but only one of them can be.',
      'Leave one of them out.',
    );
  }
  if (prefixes !== undefined && (prefixes.length === 0 || prefixes.length > mostPrefixes))
    throw usageError(`--prefix-file holds ${prefixes.length} prefixes, not 1 to ${mostPrefixes}.`);
  if (prefix !== undefined) checkOption('--prefix', httpText, prefix);
  if (hiddenPrefix !== undefined) checkOption('the hidden prefix', httpText, hiddenPrefix);
  for (const [index, each] of (prefixes ?? []).entries())
    checkOption(`--prefix-file line ${index + 1}`, httpText, each);
  for (const end of [truncate ?? []].flat()) {
    checkOption('--truncate', httpText, end);
    if (end !== '') continue;
    throw usageError(
      '--truncate got "", which every text holds.',
      'Leave it out to end texts at the end token.',
    );
  }
}

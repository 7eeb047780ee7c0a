import { usageError } from '../../common/errors.js';
import { type ArgumentRules, isFunction, isTexts } from '../../options/call-arguments.js';
import type { ValuesOf } from '../../options/option-row.js';
import { isUnusedSampling } from '../../options/option-table.js';
import { checkOption, checkOptions, defaultsOf } from '../../options/option-values.js';
import {
  generationOptions,
  httpText,
  lowestTemperature,
  samplingOptions,
} from '../../options/table/generation.js';
import { httpSeed } from '../../options/table/run.js';
import type { Novelty } from './best-of.js';

type Values = ValuesOf<typeof generationOptions>;

type SamplingValues = ValuesOf<typeof samplingOptions>;

/**
 * How one token is chosen from the model's logits, in Hugging Face's order: `logitBias`, `repetitionPenalty`,
 * `presencePenalty` and `frequencyPenalty` change logits; they are divided by `temperature`; 0, or anything below
 * {@link lowestTemperature}, means greedy decoding. The token is drawn from the `topK` likeliest, of these from the
 * fewest whose probabilities add up to `topP`, of these from those at least `minP` times as likely as the likeliest, and
 * of these from the fewest of most typical surprise whose probabilities add up to `typicalP`. 0 turns any of the four off.
 */
export interface SamplingOptions
  extends Pick<SamplingValues, 'temperature' | 'topK' | 'topP'>,
    Partial<Omit<SamplingValues, 'temperature' | 'topK' | 'topP'>> {}

/** Options of generation. Names as in gpt-2-simple; bounds and help are in the option table. */
export interface GenerationOptions
  extends SamplingOptions,
    Pick<Values, 'nsamples' | 'length' | 'includePrefix'>,
    Partial<Pick<Values, 'prefix' | 'delimiters' | 'bestOf' | 'rank'>> {
  /** With a text's index, determines the text. Any safe integer. */
  readonly seed: number;
  /** What the model reads before the prefix, never shown (src/data/conditioning.ts). */
  readonly hiddenPrefix?: string | undefined;
  /** Several prefixes instead of one. Text i continues prefix ⌊i / nsamples⌋. */
  readonly prefixes?: readonly string[] | undefined;
  /** Stop texts: an output ends before the first of them. Searched for after the prefix only. */
  readonly truncate?: string | readonly string[] | undefined;
  /** Index of the first text; default 0. Text i of the request then has the index `firstIndex` + i. */
  readonly firstIndex?: number | undefined;
  /** Indices of texts that already exist and are not generated again. */
  readonly finished?: ReadonlySet<number> | undefined;
  /** Whether a text may stand: one that may not is drawn again, as one is that is blank. Not asked at temperature 0. */
  readonly mayStand?: ((text: string) => boolean) | undefined;
  /** How new a text is: needed where `bestOf` candidates are ranked by `novelty` or `both`. */
  readonly noveltyOf?: ((text: string) => Novelty) | undefined;
  /**
   * What the model adds to the logit of each token for a community, [V]: without a `rank` the best of `bestOf` candidates is then the
   * one that it makes likelier most.
   */
  readonly addedLogits?: Float32Array | undefined;
}

/** Defaults: the table's, but one text, and seed 0. */
export const generationDefaults: GenerationOptions = {
  ...defaultsOf(samplingOptions),
  length: generationOptions.length.default,
  includePrefix: generationOptions.includePrefix.default,
  nsamples: 1,
  seed: 0,
};

const maximumPrefixes = 1_000_000;

/** The temperature used for sampling: 0 for values too low to matter. */
export function effectiveTemperature(temperature: number): number {
  return temperature < lowestTemperature ? 0 : temperature;
}

/** How tokens are sampled, of a request's options. */
export function samplingOf(options: SamplingOptions): SamplingOptions {
  const names = Object.keys(samplingOptions) as (keyof SamplingOptions)[];
  const own = Object.fromEntries(names.map((name) => [name, options[name]])) as unknown as SamplingOptions;
  return { ...own, temperature: effectiveTemperature(options.temperature) };
}

/** The options in use that no device computes: scores are then copied from it, and tokens drawn in this process. */
export function hostSamplingOptions(options: SamplingOptions): readonly string[] {
  const own = Object.keys(samplingOptions).filter((name) => !deviceSampling.includes(name));
  return own.filter((name) => !isUnusedSampling(name, options[name as keyof SamplingOptions]));
}

const deviceSampling: readonly string[] = ['temperature', 'topK', 'topP'];

const { length, includePrefix, delimiters } = generationOptions;
const rows = {
  length,
  includePrefix,
  delimiters,
  bestOf: generationOptions.bestOf,
  rank: generationOptions.rank,
  ...samplingOptions,
  // A caller may take any number of texts from the iterator.
  nsamples: { ...generationOptions.nsamples, maximum: Number.MAX_SAFE_INTEGER },
  seed: httpSeed,
};

/** What each option of a caller may be. */
export const generationArguments: ArgumentRules = {
  ...rows,
  prefix: httpText,
  hiddenPrefix: httpText,
  prefixes: isTexts,
  truncate: {
    accepts: (value) => typeof value === 'string' || isTexts.accepts(value),
    fault: 'is neither a text nor a list of texts',
  },
  finished: { accepts: (value) => value instanceof Set, fault: 'is no Set of indices' },
  mayStand: isFunction,
  noveltyOf: isFunction,
  addedLogits: {
    accepts: (value) => value instanceof Float32Array,
    fault: 'is no Float32Array of numbers for all tokens',
  },
};

/** Whether candidates are ranked by how much likelier a community makes them, where the model writes for one. */
export function ranksByCommunity({ bestOf = 1, rank }: Pick<GenerationOptions, 'bestOf' | 'rank'>): boolean {
  return bestOf > 1 && rank === undefined;
}

/** Whether candidates are ranked by how new they are. */
export function needsNovelty({ bestOf = 1, rank }: Pick<GenerationOptions, 'bestOf' | 'rank'>): boolean {
  return bestOf > 1 && (rank === 'novelty' || rank === 'both');
}

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
  if (prefixes !== undefined && (prefixes.length === 0 || prefixes.length > maximumPrefixes))
    throw usageError(`--prefix-file holds ${prefixes.length} prefixes, not 1 to ${maximumPrefixes}.`);
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

/** @throws TitlesmithError `usage` if candidates are ranked by how new they are, and nothing tells that. */
export function checkRanking(options: GenerationOptions): void {
  if (!needsNovelty(options) || options.noveltyOf !== undefined) return;
  throw usageError(
    `--rank ${options.rank} compares candidates with titles, and none are known.`,
    'Rank by probability, or say with noveltyOf how new a text is.',
  );
}

/** @throws TitlesmithError `usage` if a token that has a bias is none of the model's, or what was added is not one number a token. */
export function checkTokenIds(
  { logitBias = {}, addedLogits }: Pick<GenerationOptions, 'logitBias' | 'addedLogits'>,
  vocabularySize: number,
): void {
  if (addedLogits !== undefined && addedLogits.length !== vocabularySize) {
    throw usageError(
      `addedLogits has ${addedLogits.length} numbers, but the model ${vocabularySize} tokens.`,
      'Give what was added to the logit of each.',
    );
  }
  const unknown = Object.keys(logitBias).find((id) => Number(id) >= vocabularySize);
  if (unknown === undefined) return;
  throw usageError(
    `--logit-bias names token ${unknown}, but the model's tokens are 0 to ${vocabularySize - 1}.`,
    'Ids are those of the tokenizer in the model folder.',
  );
}

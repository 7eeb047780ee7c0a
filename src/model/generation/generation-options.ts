import { usageError } from '../../common/errors.js';
import type { Delimiters } from '../../options/choices.js';

/** How one token is chosen from the model's logits. */
export interface SamplingOptions {
  /** Divides the logits; 0 (and what is below {@link lowestTemperature}) takes the likeliest token, the first of several. */
  readonly temperature: number;
  /** Only the k likeliest tokens stay in the draw; 0 is off. */
  readonly topK: number;
  /** Of those, only the likeliest that together make up this share stay, the one that crosses it included; 0 and 1 are off. */
  readonly topP: number;
}

/** What is asked of generation. Names as in gpt-2-simple. */
export interface GenerationOptions extends SamplingOptions {
  /** With its index it decides each text. */
  readonly seed: number;
  /** Texts wanted; of each prefix where there are several. */
  readonly nsamples: number;
  /** Most new tokens of a text, the prefix not counted. */
  readonly length: number;
  /** Text every output goes on from; undefined: the start of a title. */
  readonly prefix?: string | undefined;
  /** What the model reads before the prefix, never shown (src/data/conditioning.ts). */
  readonly hiddenPrefix?: string | undefined;
  /** Several prefixes instead of one. Text i goes on from prefix ⌊i / nsamples⌋. */
  readonly prefixes?: readonly string[] | undefined;
  /** How the model knows where titles begin and end. */
  readonly delimiters?: Delimiters | undefined;
  /** Text, or texts, at the first of which an output ends, itself not shown. Looked for after the prefix only. */
  readonly truncate?: string | readonly string[] | undefined;
  /** Whether the outputs begin with the prefix. */
  readonly includePrefix: boolean;
  /** Indices of texts that are there already, and not generated again. */
  readonly finished?: ReadonlySet<number> | undefined;
}

/**
 * Values for what is left out. They are gpt-2-simple's but for `length`: its 1023 is the whole context, while a
 * title takes about 15 tokens and an output that reaches 64 has lost its way.
 */
export const generationDefaults: GenerationOptions = {
  seed: 0,
  nsamples: 1,
  length: 64,
  temperature: 0.7,
  topK: 0,
  topP: 0,
  prefix: undefined,
  truncate: undefined,
  includePrefix: true,
};

const highestTemperature = 100;

/** Below it float32 logits, divided by the temperature, are too coarse to tell likely tokens apart. */
const lowestTemperature = 1e-4;

/** The longest prefix and truncation text in characters (UTF-16 units); GPT-2's whole context is some 5,000. */
const longestText = 10_000;
const mostPrefixes = 1_000_000;

/** The temperature that is sampled with: 0 for those too low to matter. */
export function effectiveTemperature(temperature: number): number {
  return temperature < lowestTemperature ? 0 : temperature;
}

/**
 * Checks options.
 * @throws TitlesmithError `usage` naming the flag, the value and the rule it breaks.
 */
export function validateGenerationOptions(options: GenerationOptions): void {
  const { seed, nsamples, length, temperature, topK, topP, prefix, prefixes, truncate } = options;
  requireWhole('--seed', seed, Number.MIN_SAFE_INTEGER);
  requireWhole('--nsamples', nsamples, 1);
  requireWhole('--length', length, 1);
  requireNumber('--temperature', temperature, highestTemperature);
  requireWhole('--top-k', topK, 0);
  requireNumber('--top-p', topP, 1);
  requireText('--prefix', prefix);
  requireText('the hidden prefix', options.hiddenPrefix);
  if (prefix !== undefined && prefixes !== undefined) {
    throw usageError(
      '--prefix and --prefix-file are given, but texts have one prefix.',
      'Leave one of them out.',
    );
  }
  if (prefixes !== undefined && (prefixes.length === 0 || prefixes.length > mostPrefixes)) {
    throw usageError(`--prefix-file holds ${prefixes.length} prefixes, not 1 to ${mostPrefixes}.`);
  }
  for (const [index, each] of (prefixes ?? []).entries())
    requireText(`--prefix-file line ${index + 1}`, each);
  for (const end of [truncate ?? []].flat()) {
    requireText('--truncate', end);
    if (end !== '') continue;
    throw usageError(
      '--truncate got "", which every text holds.',
      'Leave it out to end texts at the end token.',
    );
  }
}

function requireWhole(flag: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  const range = minimum >= 0 ? ` of at least ${minimum}` : '';
  throw usageError(`${flag} got ${value}, which is not a whole number${range}.`);
}

function requireNumber(flag: string, value: number, maximum: number): void {
  if (value >= 0 && value <= maximum) return;
  throw usageError(`${flag} got ${value}, which is not a number from 0 to ${maximum}.`);
}

/** Half a surrogate pair has no UTF-8 form: it would be replaced silently, and could cut a character in two. */
function requireText(flag: string, value: string | undefined): void {
  if (value === undefined) return;
  if (value.length > longestText) {
    throw usageError(
      `${flag} has ${value.length} characters, more than ${longestText}.`,
      'Use a shorter text.',
    );
  }
  if (!/\p{Surrogate}/u.test(value)) return;
  throw usageError(`${flag} got ${JSON.stringify(value)}, which holds half a character (a lone surrogate).`);
}

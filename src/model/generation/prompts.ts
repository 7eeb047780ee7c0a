import { usageError } from '../../common/errors.js';
import { generationOptions } from '../../options/table/generation.js';
import { startOf, type Tokenizer } from '../tokenizer/tokenizer.js';
import type { Adapter } from '../transformer/adapters.js';
import type { DecodeSession, PromptCache } from '../transformer/decode-session.js';
import { checkTokenIds, type GenerationOptions, validateGenerationOptions } from './generation-options.js';

/** What generated texts continue. */
export interface Prompt {
  /** Shown before the text with `includePrefix`. */
  readonly prefix: string;
  /** What the model reads, the start token first; not empty. */
  readonly tokens: Int32Array;
}

/** Start of a title in dataset files; at the start of a prefix it is redundant and removed. */
const startText = '<|startoftext|>';
const endText = '<|endoftext|>';

/** The stop texts of a request; the end token ends a text in any case. */
export function endTexts({ delimiters, truncate }: GenerationOptions): readonly string[] {
  return [...(delimiters === 'text' ? [endText] : []), ...[truncate ?? []].flat()];
}

/**
 * A text without the spaces at its end, those that do not break and those of other widths too; a tab stays, as it ends a
 * condition. Takes time in proportion to the text, which a regular expression does not.
 */
function withoutLastSpaces(text: string): string {
  let end = text.length;
  while (end > 0 && /\p{Space_Separator}/u.test(text[end - 1]!)) end -= 1;
  return text.slice(0, end);
}

/**
 * The prompts of a request, one for each prefix.
 * @param asItIs keeps the spaces at a prefix's end, which are otherwise left out.
 * @throws TitlesmithError `usage` if an option is wrong.
 */
export function encodePrompts(
  tokenizer: Tokenizer,
  options: GenerationOptions,
  { asItIs = false }: { readonly asItIs?: boolean } = {},
): Prompt[] {
  validateGenerationOptions(options);
  checkTokenIds(options, tokenizer.vocabularySize);
  const { prefix = '', prefixes = [prefix], delimiters, hiddenPrefix = '' } = options;
  return prefixes.map((text) => {
    // GPT-2's tokens begin with the space before a word: one at the end would make the model spell what follows.
    const started = text.startsWith(startText) ? text.slice(startText.length) : text;
    const shown = asItIs ? started : withoutLastSpaces(started);
    const tokens =
      delimiters === 'text'
        ? tokenizer.encode(startText + hiddenPrefix + shown)
        : [startOf(tokenizer), ...tokenizer.encode(hiddenPrefix + shown)];
    return { prefix: shown, tokens: Int32Array.from(tokens) };
  });
}

/** Length of the longest prompt, in tokens. */
export function longestPrompt(prompts: readonly Prompt[]): number {
  return prompts.reduce((longest, { tokens }) => Math.max(longest, tokens.length), 0);
}

/** @throws TitlesmithError `usage` if a prompt and the new tokens together exceed the session's capacity, in tokens. */
export function checkCapacity(
  prompts: readonly Prompt[],
  { length, prefixes }: GenerationOptions,
  { capacity, contextLength = capacity }: Pick<DecodeSession, 'capacity' | 'contextLength'>,
): void {
  const index = prompts.findIndex(({ tokens }) => tokens.length + length > capacity);
  if (index < 0) return;
  const { tokens } = prompts[index]!;
  const room = capacity - tokens.length;
  const isOpenedSmaller = contextLength > capacity;
  const holds = isOpenedSmaller
    ? `the model was opened for ${capacity} of its ${contextLength}`
    : `the model holds ${capacity}`;
  const larger = isOpenedSmaller ? ', or open the model with a larger capacity.' : '.';
  const flag = prefixes ? `--prefix-file: prefix ${index + 1}` : 'the prefix';
  const start =
    tokens.length > 1 ? `the ${tokens.length} tokens of the start and ${flag}` : 'the start token';
  const isDefault = length === generationOptions.length.default;
  throw usageError(
    `--length ${length}${isDefault ? ' (the default)' : ''} does not fit: with ${start} ` +
      `a text would take ${tokens.length + length} positions, and ${holds}.`,
    (room < 1
      ? 'Use a shorter --prefix'
      : `Use --length ${room} or less${tokens.length > 1 ? ', or a shorter --prefix' : ''}`) + larger,
  );
}

/** Most prompt caches kept at a time, unless said otherwise: texts of one prefix mostly start close together. */
const usualCaches = 16;

/** A least-recently-used cache of prompts' keys and values: a prompt runs once for all texts that continue it. */
export class PromptCaches<Cache extends PromptCache> {
  private readonly caches = new Map<string, Cache>();
  /** Of all caches together. */
  private tokens = 0;
  private readonly adapters = new WeakMap<Adapter, number>();
  private adapterCount = 0;

  /**
   * @param maximum most caches kept at a time; together they hold no more tokens than so many as are usual of the longest
   *   prompts.
   */
  constructor(
    private readonly session: DecodeSession<Cache>,
    private readonly maximum = usualCaches,
  ) {}

  /** The cache of a prompt, its scores divided by the temperature; runs the prompt if there is none. */
  async get(prompt: Pick<Prompt, 'tokens'>, temperature: number, adapter?: Adapter): Promise<Cache> {
    const known = this.caches.get(this.keyOf(prompt, temperature, adapter));
    const cache = known ?? (await this.session.prefill(prompt.tokens, temperature, undefined, adapter));
    this.keep(prompt, temperature, cache);
    return cache;
  }

  /** Keeps the cache of a prompt that was run. */
  keep(prompt: Pick<Prompt, 'tokens'>, temperature: number, cache: Cache): void {
    const key = this.keyOf(prompt, temperature, cache.adapter);
    this.drop(key);
    this.caches.set(key, cache);
    this.tokens += cache.length;
    const mostTokens = usualCaches * this.session.capacity;
    while (this.caches.size > this.maximum || (this.tokens > mostTokens && this.caches.size > 1))
      this.drop(this.caches.keys().next().value!);
  }

  private drop(key: string): void {
    this.tokens -= this.caches.get(key)?.length ?? 0;
    this.caches.delete(key);
  }

  private keyOf({ tokens }: Pick<Prompt, 'tokens'>, temperature: number, adapter?: Adapter): string {
    return `${adapter ? this.numberOf(adapter) : 0} ${temperature} ${tokens.join(' ')}`;
  }

  private numberOf(adapter: Adapter): number {
    const known = this.adapters.get(adapter) ?? ++this.adapterCount;
    this.adapters.set(adapter, known);
    return known;
  }
}

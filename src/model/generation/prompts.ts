import { usageError } from '../../common/errors.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { DecodeSession, PromptCache } from '../transformer/decode-session.js';
import { type GenerationOptions, validateGenerationOptions } from './generation-options.js';

/** What texts go on from. */
export interface Prompt {
  /** Shown before the text, where that is wanted. */
  readonly prefix: string;
  /** What the model reads, its mark of a beginning first; not empty. */
  readonly tokens: Int32Array;
}

/** The mark of a title's beginning in dataset files; in front of a prefix it adds nothing. */
const startText = '<|startoftext|>';
const endText = '<|endoftext|>';

/** The texts at which a generated text ends, besides the end token. */
export function endTexts({ delimiters, truncate }: GenerationOptions): readonly string[] {
  return [...(delimiters === 'text' ? [endText] : []), ...[truncate ?? []].flat()];
}

/**
 * The prompts of a request, one a prefix.
 * @throws TitlesmithError `usage` where an option is wrong.
 */
export function encodePrompts(tokenizer: Tokenizer, options: GenerationOptions): Prompt[] {
  validateGenerationOptions(options);
  const { prefix = '', prefixes = [prefix], delimiters, hiddenPrefix = '' } = options;
  return prefixes.map((given) => {
    const shown = given.startsWith(startText) ? given.slice(startText.length) : given;
    const tokens =
      delimiters === 'text'
        ? tokenizer.encode(startText + hiddenPrefix + shown)
        : [tokenizer.endOfTextId, ...tokenizer.encode(hiddenPrefix + shown)];
    return { prefix: shown, tokens: Int32Array.from(tokens) };
  });
}

/** Tokens of the longest prompt. */
export function longestPrompt(prompts: readonly Prompt[]): number {
  return prompts.reduce((longest, { tokens }) => Math.max(longest, tokens.length), 0);
}

/** @throws TitlesmithError `usage` where a prompt and the new tokens are longer than a model holds. */
export function checkCapacity(
  prompts: readonly Prompt[],
  { length, prefixes }: GenerationOptions,
  capacity: number,
): void {
  const index = prompts.findIndex(({ tokens }) => tokens.length + length > capacity);
  if (index < 0) return;
  const { tokens } = prompts[index]!;
  const room = capacity - tokens.length;
  const flag = prefixes ? `--prefix-file: prefix ${index + 1}` : 'the prefix';
  throw usageError(
    `--length ${length} does not fit: with the ${tokens.length} tokens of the start and ${flag} ` +
      `a text would take ${tokens.length + length} positions, and the model holds ${capacity}.`,
    room < 1 ? 'Use a shorter --prefix.' : `Use --length ${room} or less, or a shorter --prefix.`,
  );
}

/** Prompts whose keys and values are kept at a time: texts of one prefix are mostly started close to each other. */
const maximumCaches = 16;

/** Keys and values of prompts that have been run, so that each is run once for all texts that go on from it. */
export class PromptCaches<Cache extends PromptCache> {
  private readonly caches = new Map<string, Cache>();

  constructor(private readonly session: DecodeSession<Cache>) {}

  /** The cache of a prompt, its scores divided by the temperature. The least recently used one makes room for it. */
  async get({ tokens }: Prompt, temperature: number): Promise<Cache> {
    const key = `${temperature} ${tokens.join(' ')}`;
    const cache = this.caches.get(key) ?? (await this.session.prefill(tokens, temperature));
    this.caches.delete(key);
    const [oldest] = this.caches.keys();
    if (oldest !== undefined && this.caches.size === maximumCaches) this.caches.delete(oldest);
    this.caches.set(key, cache);
    return cache;
  }
}

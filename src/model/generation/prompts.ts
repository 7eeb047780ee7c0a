import { TitlesmithError, usageError } from '../../common/errors.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { DecodeSession, PromptCache } from '../transformer/decode-session.js';
import { type GenerationOptions, validateGenerationOptions } from './options.js';

/** What texts go on from. */
export interface Prompt {
  /** Shown before the text, where that is wanted. */
  readonly prefix: string;
  /** What the model reads, its mark of a beginning first; not empty. */
  readonly tokens: Int32Array;
}

/** The mark of a title's beginning in dataset files; in front of a prefix it says what is the case anyway. */
const startText = '<|startoftext|>';
const endText = '<|endoftext|>';

/** Prompts whose keys and values are kept at a time: texts of one prefix are mostly begun close to each other. */
const mostKept = 16;

/** The texts at which a title ends, whatever its tokens. */
export function endTexts({ delimiters, truncate }: GenerationOptions): readonly string[] {
  return [...(delimiters === 'text' ? [endText] : []), ...[truncate ?? []].flat()];
}

/**
 * The prompts of a request, one a prefix.
 * @throws TitlesmithError where the tokenizer is of another model, or the session cannot hold a prefix with the new
 *   tokens.
 */
export function readPrompts(
  { capacity, vocabularySize }: Pick<DecodeSession, 'capacity' | 'vocabularySize'>,
  tokenizer: Tokenizer,
  { prefix, prefixes, length, delimiters, hiddenPrefix }: GenerationOptions,
): Prompt[] {
  if (vocabularySize !== tokenizer.vocabularySize) {
    throw new TitlesmithError(
      `The model knows ${vocabularySize} tokens, but its tokenizer ${tokenizer.vocabularySize}.`,
      { code: 'vocabulary-mismatch', hint: 'The model folder mixes files of two models: make it anew.' },
    );
  }
  return (prefixes ?? [prefix ?? '']).map((given, index) => {
    const { shown, tokens } = encodePrefix(tokenizer, given, { delimiters, hiddenPrefix });
    if (tokens.length + length > capacity) {
      const room = capacity - tokens.length;
      const flag = prefixes ? `--prefix-file: prefix ${index + 1}` : 'the prefix';
      throw usageError(
        `--length ${length} does not fit: with the ${tokens.length} tokens of the start and ${flag} ` +
          `a text would take ${tokens.length + length} positions, and the model holds ${capacity}.`,
        room < 1 ? 'Use a shorter --prefix.' : `Use --length ${room} or less, or a shorter --prefix.`,
      );
    }
    return { prefix: shown, tokens: Int32Array.from(tokens) };
  });
}

function encodePrefix(
  tokenizer: Tokenizer,
  given: string,
  { delimiters, hiddenPrefix = '' }: Pick<GenerationOptions, 'delimiters' | 'hiddenPrefix'>,
): { shown: string; tokens: number[] } {
  const shown = given.startsWith(startText) ? given.slice(startText.length) : given;
  const start = delimiters === 'text' ? [] : [tokenizer.endOfTextId];
  return {
    shown,
    tokens: [...start, ...tokenizer.encode((delimiters === 'text' ? startText : '') + hiddenPrefix + shown)],
  };
}

/** Tokens of the longest prompt of a request. @throws TitlesmithError where an option is wrong. */
export function longestPrompt(tokenizer: Tokenizer, options: GenerationOptions): number {
  validateGenerationOptions(options);
  const given = options.prefixes ?? [options.prefix ?? ''];
  const length = (prefix: string): number => encodePrefix(tokenizer, prefix, options).tokens.length;
  return given.reduce((longest, prefix) => Math.max(longest, length(prefix)), 0);
}

/** Prompts that have been run, so that each is run once for all texts that go on from it. */
export class PromptCaches<Cache extends PromptCache> {
  private readonly caches = new Map<string, Cache>();

  constructor(private readonly session: DecodeSession<Cache>) {}

  /** What a prompt leaves behind, its scores divided by the temperature. The least recently used are forgotten. */
  async get({ tokens }: Prompt, temperature: number): Promise<Cache> {
    const key = `${temperature} ${tokens.join(' ')}`;
    const cache = this.caches.get(key) ?? (await this.session.prefill(tokens, temperature));
    this.caches.delete(key);
    const [oldest] = this.caches.keys();
    if (oldest !== undefined && this.caches.size === mostKept) this.caches.delete(oldest);
    this.caches.set(key, cache);
    return cache;
  }
}

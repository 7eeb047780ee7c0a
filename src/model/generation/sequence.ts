import { createRandom, type Random } from '../../common/random.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { GenerationOptions } from './generation-options.js';
import { endTexts, type Prompt } from './prompts.js';
import type { TokenScore } from './token-scores.js';

export type FinishReason = 'stop' | 'length';

/** One generated text; a line of generated.jsonl. */
export interface GeneratedText {
  /** Index in the whole request, from 0. With `seed` it determines the text. */
  readonly index: number;
  readonly text: string;
  /** Number of new tokens, without the end token. */
  readonly tokens: number;
  /** `stop`: end token or truncation text; `length`: the token limit. */
  readonly finishReason: FinishReason;
  readonly seed: number;
  /** What was drawn before and turned away, where anything was. */
  readonly turnedAway?: TurnedAway;
  /** How it was chosen, where it is one of several candidates. */
  readonly chosen?: Chosen;
}

/** The best of several candidates for a text: see `GenerationOptions.bestOf`. */
export interface Chosen {
  /** Candidates there were. */
  readonly of: number;
  /** Which of them it is, from 1. */
  readonly candidate: number;
  /** ln p a token, where that counts: to 6 decimals. */
  readonly meanLogProbability?: number | undefined;
  /** How much greater ln p a token is for the community that it was written for, where it was: to 6 decimals. */
  readonly meanGain?: number | undefined;
  /** How like the closest known title it is, from 0 to 1, where that counts: to 6 decimals. */
  readonly closestRating?: number | undefined;
  /** The first candidate as it was drawn first, where another was kept: what the model says where nothing is chosen. */
  readonly first?: string | undefined;
}

/** Draws of a text that may not stand: see `GenerationOptions.mayStand`. */
export interface TurnedAway {
  readonly draws: number;
  /** The text of the first: what the model says where nothing is turned away. */
  readonly first: string;
}

/** Which attempt at a text a sequence is. */
interface Attempt {
  /** From 0 on; each candidate for a text has draws of its own. */
  readonly candidate: number;
  /** 1, or more if earlier draws came out blank or were turned away. */
  readonly draw: number;
  /** Those that were turned away. */
  readonly turnedAway?: TurnedAway | undefined;
}

/** A text being generated. All its randomness derives from the seed, its index, the candidate and the number of the draw. */
export class Sequence {
  readonly random: Random;
  /** Of its new tokens, the end token included, where whoever samples them keeps them. */
  readonly scores: TokenScore[] = [];
  private readonly text: IncrementalText;
  private newTokens = 0;
  /** Number of characters of the continuation that {@link takeDelta} has returned. */
  private emitted = 0;
  private latest: number;
  private readonly tokens: Int32Array;
  private finishReason: FinishReason | undefined;

  constructor(
    readonly index: number,
    readonly prompt: Prompt,
    private readonly options: GenerationOptions,
    private readonly tokenizer: Tokenizer,
    private readonly attempt: Attempt = { candidate: 0, draw: 1 },
  ) {
    const { candidate, draw } = attempt;
    // The first candidate, and the first draw, are the text where there are no others.
    const use = [...(candidate === 0 ? [] : ['candidate', candidate]), ...(draw === 1 ? [] : ['draw', draw])];
    this.random = createRandom(options.seed, 'text', index, ...use);
    this.text = new IncrementalText(endTexts(options), prompt.prefix);
    this.latest = prompt.tokens.at(-1)!;
    this.tokens = new Int32Array(options.length);
  }

  /** From 0 on. */
  get candidate(): number {
    return this.attempt.candidate;
  }

  /** From 1 on. */
  get draw(): number {
    return this.attempt.draw;
  }

  get turnedAway(): TurnedAway | undefined {
    return this.attempt.turnedAway;
  }

  /** Number of tokens the model has read: the prompt and all new ones but the latest. */
  get tokensRead(): number {
    return this.prompt.tokens.length + this.newTokens - 1;
  }

  /** The last token, of the prompt while none was added, which the model reads next. */
  get latestToken(): number {
    return this.latest;
  }

  /** The new tokens, in order. */
  get generated(): Int32Array {
    return this.tokens.subarray(0, this.newTokens);
  }

  get finished(): boolean {
    return this.finishReason !== undefined;
  }

  /** Appends the next token; the text may be finished with it. */
  add(token: number): void {
    this.latest = token;
    if (token === this.tokenizer.endOfTextId) {
      this.finishReason = 'stop';
      return;
    }
    this.tokens[this.newTokens++] = token;
    const truncated = this.text.append(this.tokenizer.tokenBytes(token));
    if (truncated) this.finishReason = 'stop';
    else if (this.newTokens === this.options.length) this.finishReason = 'length';
  }

  /**
   * The text added since the last call, as far as no later token can change it. The first delta begins with the prefix
   * if that is shown. Empty while there is only white space, as a text that stays blank is drawn again.
   */
  takeDelta(): string {
    const stable = this.text.stable();
    if (this.emitted === 0 && stable.trim() === '') return '';
    const before = this.emitted === 0 && this.options.includePrefix ? this.prompt.prefix : '';
    const delta = stable.slice(this.emitted);
    this.emitted = stable.length;
    return before + delta;
  }

  /** How far {@link takeDelta} has gone, in characters of prefix and text together. */
  get emittedEnd(): number {
    return characters(this.prompt.prefix) + characters(this.text.stable().slice(0, this.emitted));
  }

  /** Where a stop text cut the text, in characters of prefix and text together; undefined where none did. */
  get scoredEnd(): number | undefined {
    return this.text.isTruncated
      ? characters(this.prompt.prefix) + characters(this.text.stable())
      : undefined;
  }

  /**
   * Ends the text. Called once.
   * @returns the text; whether only white space follows the prefix; and the part that {@link takeDelta} has not
   *   returned.
   */
  finish(): { result: GeneratedText; blank: boolean; rest: string } {
    const { seed, includePrefix } = this.options;
    const finishReason = this.finishReason ?? 'length';
    const continuation = this.text.finish(finishReason === 'length');
    const shownPrefix = includePrefix ? this.prompt.prefix : '';
    const result: GeneratedText = {
      index: this.index,
      text: shownPrefix + continuation,
      tokens: this.newTokens,
      finishReason,
      seed,
      ...(this.turnedAway ? { turnedAway: this.turnedAway } : {}),
    };
    const rest = this.emitted === 0 ? result.text : continuation.slice(this.emitted);
    return { result, blank: continuation.trim() === '', rest };
  }

  /** The same index again from the start, with other random numbers. @param text of this draw, if it was turned away. */
  nextDraw(text?: string): Sequence {
    const { draws = 0, first = text } = this.turnedAway ?? {};
    const turnedAway = text === undefined ? this.turnedAway : { draws: draws + 1, first: first ?? text };
    const attempt = { candidate: this.candidate, draw: this.draw + 1, turnedAway };
    return new Sequence(this.index, this.prompt, this.options, this.tokenizer, attempt);
  }
}

/** Number of Unicode characters (code points), in which offsets are counted. */
export function characters(text: string): number {
  return [...text].length;
}

/**
 * Text decoded token by token, with a search for stop texts. Tokens may end inside a character, and a stop text may
 * span tokens or begin in the prefix. The search is over decoded characters, that is, over what would be shown.
 */
export class IncrementalText {
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private text: string;
  private truncated = false;

  /**
   * @param truncate stop texts, none of them empty.
   * @param prefix text before the generated one: a stop text may begin in it, but not end in it.
   */
  constructor(
    private readonly truncate: readonly string[],
    private readonly prefix = '',
  ) {
    this.text = prefix;
  }

  /** Whether a stop text has been found. */
  get isTruncated(): boolean {
    return this.truncated;
  }

  /** Adds the bytes of one token. @returns whether a stop text has been found. */
  append(bytes: Uint8Array): boolean {
    this.grow(this.decoder.decode(bytes, { stream: true }));
    return this.truncated;
  }

  /**
   * The text after the prefix, up to the stop text. Called once.
   * @param cut whether the text was cut off at a token limit, not ended by the model: an incomplete last character is
   *   then left out; otherwise it becomes U+FFFD.
   */
  finish(cut = false): string {
    if (!cut) this.grow(this.decoder.decode());
    return this.text.slice(this.prefix.length);
  }

  /** The part of the text after the prefix that no later token can change, as no stop text can begin in it. */
  stable(): string {
    const longest = Math.max(0, ...this.truncate.map((end) => this.partialMatchAtEnd(end)));
    return this.text.slice(this.prefix.length, Math.max(this.prefix.length, this.text.length - longest));
  }

  /** Number of characters at the end of the text that may be the beginning of `end`. */
  private partialMatchAtEnd(end: string): number {
    if (this.truncated) return 0;
    let length = Math.min(end.length - 1, this.text.length);
    while (length > 0 && !this.text.endsWith(end.slice(0, length))) length--;
    return length;
  }

  private grow(added: string): void {
    if (this.truncated) return;
    const known = this.text.length;
    this.text += added;
    const ends = this.truncate.map((end) => {
      const at = this.text.indexOf(end, Math.max(0, known - end.length + 1));
      return at < 0 ? Number.POSITIVE_INFINITY : at;
    });
    const first = Math.min(...ends);
    if (first === Number.POSITIVE_INFINITY) return;
    this.truncated = true;
    this.text = this.text.slice(0, Math.max(first, this.prefix.length));
  }
}

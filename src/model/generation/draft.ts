import { createRandom, type Random } from '../../common/random.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { FinishReason, GeneratedText } from './generated-text.js';
import { IncrementalText } from './incremental-text.js';
import type { GenerationOptions } from './options.js';
import { endTexts, type Prompt } from './prompts.js';

/** One text in the making. All its randomness comes from the seed, its index and which draw it is. */
export class Draft {
  readonly random: Random;
  private readonly text: IncrementalText;
  private newTokens = 0;
  /** Characters of the continuation that were given out by {@link takePiece}. */
  private given = 0;
  private latest: number;
  private finishReason: FinishReason | undefined;

  /** @param draw 1, or more where earlier draws of this index came out blank. */
  constructor(
    readonly index: number,
    readonly draw: number,
    readonly prompt: Prompt,
    private readonly options: GenerationOptions,
    private readonly tokenizer: Tokenizer,
  ) {
    const use = draw === 1 ? ['text', index] : ['text', index, 'draw', draw];
    this.random = createRandom(options.seed, ...use);
    this.text = new IncrementalText(endTexts(options), prompt.prefix);
    this.latest = tokenizer.endOfTextId;
  }

  /** New tokens so far. */
  get tokens(): number {
    return this.newTokens;
  }

  /** Tokens that the model has read: the prompt and all but the latest. */
  get tokensRead(): number {
    return this.prompt.tokens.length + this.newTokens - 1;
  }

  /** The token added last. */
  get latestToken(): number {
    return this.latest;
  }

  get finished(): boolean {
    return this.finishReason !== undefined;
  }

  /** Takes the next token; the text may be finished with it. */
  add(token: number): void {
    this.latest = token;
    if (token === this.tokenizer.endOfTextId) {
      this.finishReason = 'stop';
      return;
    }
    this.newTokens++;
    const truncated = this.text.append(this.tokenizer.tokenBytes(token));
    if (truncated) this.finishReason = 'stop';
    else if (this.newTokens === this.options.length) this.finishReason = 'length';
  }

  /**
   * What has been added to the text since the last call, as far as nothing that comes can change it; the prefix, where
   * it is shown, before the first piece. Empty for as long as there is only white space: such a text may be drawn anew.
   */
  takePiece(): string {
    const settled = this.text.settled();
    if (this.given === 0 && settled.trim() === '') return '';
    const before = this.given === 0 && this.options.includePrefix ? this.prompt.prefix : '';
    const piece = settled.slice(this.given);
    this.given = settled.length;
    return before + piece;
  }

  /**
   * The finished text, whether nothing but white space came after the prefix, and what {@link takePiece} has not given
   * of it. Called once.
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
    };
    const rest = this.given === 0 ? result.text : continuation.slice(this.given);
    return { result, blank: continuation.trim() === '', rest };
  }

  /** The next draw of the same index. */
  again(): Draft {
    return new Draft(this.index, this.draw + 1, this.prompt, this.options, this.tokenizer);
  }
}

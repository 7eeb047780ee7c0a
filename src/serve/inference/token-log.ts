import type { TokenScore } from '../../model/generation/token-scores.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { LogProbabilities } from '../completion.js';

/** A token of a prompt; the first has no score. */
export type PromptToken = TokenScore | (Pick<TokenScore, 'token'> & { readonly logProbability?: undefined });

/** The tokens of one text as OpenAI's `logprobs` shows them, handed out as the text is. */
export class TokenLog {
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** Where the next token begins. */
  private offset: number;
  private taken = 0;

  /**
   * @param promptCharacters where the text begins, in characters (code points) from the start of the prompt.
   * @param promptTokens tokens to show before those of the text.
   */
  constructor(
    private readonly tokenizer: Tokenizer,
    promptCharacters: number,
    private promptTokens: readonly PromptToken[] | undefined,
  ) {
    this.offset = promptCharacters;
  }

  /**
   * The tokens that were not taken yet, the prompt's first.
   * @param scores of all the text's tokens so far.
   * @param end tokens that begin at this character or after it are left out.
   */
  take(scores: readonly TokenScore[], end = Number.POSITIVE_INFINITY): LogProbabilities {
    const rows: TokenRow[] = [];
    if (this.promptTokens) {
      const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
      let offset = 0;
      for (const token of this.promptTokens) {
        rows.push(this.rowOf(token, offset));
        offset += this.charactersOf(decoder, token.token);
      }
      this.promptTokens = undefined;
    }
    for (; this.taken < scores.length && this.offset < end; this.taken++) {
      const token = scores[this.taken]!;
      rows.push(this.rowOf(token, this.offset));
      this.offset += this.charactersOf(this.decoder, token.token);
    }
    return {
      tokens: rows.map(({ shown }) => shown),
      tokenLogprobs: rows.map(({ logProbability }) => logProbability),
      topLogprobs: rows.map(({ top }) => top),
      textOffset: rows.map(({ offset }) => offset),
    };
  }

  private rowOf(score: PromptToken, offset: number): TokenRow {
    const shown = shownToken(this.tokenizer, score.token);
    if (score.logProbability === undefined) return { shown, logProbability: null, top: null, offset };
    const { logProbability } = score;
    const top: Record<string, number> = {};
    for (const each of score.top) top[shownToken(this.tokenizer, each.token)] = each.logProbability;
    // OpenAI names the token itself too where it is none of the likeliest.
    top[shown] = logProbability;
    return { shown, logProbability, top, offset };
  }

  /** Characters that a token completes. */
  private charactersOf(decoder: InstanceType<typeof TextDecoder>, token: number): number {
    return [...decoder.decode(this.tokenizer.tokenBytes(token), { stream: true })].length;
  }
}

interface TokenRow {
  readonly shown: string;
  readonly logProbability: number | null;
  readonly top: Readonly<Record<string, number>> | null;
  readonly offset: number;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A token's text; `bytes:\xe2\x80`, as OpenAI writes it, where it is a part of a character. */
function shownToken(tokenizer: Tokenizer, token: number): string {
  if (token === tokenizer.endOfTextId) return '<|endoftext|>';
  const bytes = tokenizer.tokenBytes(token);
  try {
    return strict.decode(bytes);
  } catch {
    return `bytes:${[...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`;
  }
}

import type { PromptedTitle } from './scoring-model.js';

/** What a model thinks of a title: of its tokens and the end token after them, given the start and its prompt. */
export interface TitleScore {
  /** Its place among the titles that were given, from 1. */
  readonly number: number;
  readonly title: string;
  /** What the model read before it; left out where that is nothing. */
  readonly prompt?: string;
  /** −ln p, to 4 decimals, as in title-losses.json. */
  readonly nats: number;
  /** Tokens that it is the sum of: the title's own and the end token. */
  readonly tokens: number;
  /** Bytes of the title in UTF-8. */
  readonly bytes: number;
  /** −log₂ p a byte, to 4 decimals. */
  readonly bitsPerByte: number;
}

/** All titles together: sums, and means a byte and a token. */
export interface TotalScore {
  readonly titles: number;
  readonly nats: number;
  readonly tokens: number;
  readonly bytes: number;
  /** Σ nats / ln 2 / Σ bytes: compares models of different tokenizers. */
  readonly bitsPerByte: number;
  /** exp(Σ nats / Σ tokens). */
  readonly perplexity: number;
}

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;
const bitsOf = (nats: number, bytes: number): number => rounded(nats / Math.LN2 / bytes);

/** Turns the losses of titles into scores, and adds them up. */
export class ScoreCounter {
  private titles = 0;
  private nats = 0;
  private tokens = 0;
  private bytes = 0;

  /** @param losses of the title's tokens and of the end token, nats. */
  add(number: number, { prompt, title }: PromptedTitle, losses: Float32Array): TitleScore {
    const nats = losses.reduce((sum, loss) => sum + loss, 0);
    const bytes = Buffer.byteLength(title);
    this.titles += 1;
    this.nats += nats;
    this.tokens += losses.length;
    this.bytes += bytes;
    return {
      number,
      title,
      ...(prompt === '' ? {} : { prompt }),
      nats: rounded(nats),
      tokens: losses.length,
      bytes,
      bitsPerByte: bitsOf(nats, bytes),
    };
  }

  total(): TotalScore {
    const { titles, nats, tokens, bytes } = this;
    return {
      titles,
      nats: rounded(nats),
      tokens,
      bytes,
      bitsPerByte: bitsOf(nats, bytes),
      perplexity: rounded(Math.exp(nats / tokens)),
    };
  }
}

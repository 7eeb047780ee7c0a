import type { SamplingOptions } from './generation-options.js';

/** The tokens of a text so far. */
export interface TokenHistory {
  /** What the model read first, the start token included. */
  readonly prompt: Int32Array;
  /** In order, with repetitions. */
  readonly generated: Int32Array;
}

export const noHistory: TokenHistory = { prompt: new Int32Array(), generated: new Int32Array() };

/** Weights beyond these bounds are computed anew from the logits: in float32 they would overflow, or be coarse. */
const [smallestMass, largestWeight] = [1e-20, 1e20];

/**
 * Changes the logits of a few tokens: adds `logitBias`; divides logits above 0 of tokens in prompt or text by
 * `repetitionPenalty`, and multiplies those below ("CTRL", Keskar et al. 2019, 4.1, as Hugging Face has it); subtracts
 * `presencePenalty` once, and `frequencyPenalty` as often as the generated text holds the token (OpenAI's).
 */
export class LogitChanges {
  /** How often the generated text holds a token; 0 between calls. */
  private readonly counts: Int32Array;
  /** The tokens whose logits change, each once. */
  private readonly tokens: Int32Array;
  private readonly isListed: Uint8Array;
  private readonly changed: Float64Array;
  private readonly biases: Float64Array;
  private readonly biased: Int32Array;
  private readonly isInText: Uint8Array;
  private listed = 0;

  /** What options ask for; undefined if that is nothing. */
  static of(options: SamplingOptions, vocabularySize: number): LogitChanges | undefined {
    const { logitBias = {}, repetitionPenalty = 1, presencePenalty = 0, frequencyPenalty = 0 } = options;
    const isUsed =
      repetitionPenalty !== 1 ||
      presencePenalty !== 0 ||
      frequencyPenalty !== 0 ||
      Object.keys(logitBias).length > 0;
    return isUsed ? new LogitChanges(options, vocabularySize) : undefined;
  }

  private constructor(
    private readonly options: SamplingOptions,
    vocabularySize: number,
  ) {
    const entries = Object.entries(options.logitBias ?? {});
    this.counts = new Int32Array(vocabularySize);
    this.tokens = new Int32Array(vocabularySize);
    this.isListed = new Uint8Array(vocabularySize);
    this.isInText = new Uint8Array(vocabularySize);
    this.changed = new Float64Array(vocabularySize);
    this.biased = Int32Array.from(entries, ([token]) => Number(token));
    this.biases = new Float64Array(vocabularySize);
    for (const [token, bias] of entries) this.biases[Number(token)] = bias;
  }

  /** Lists the tokens, and computes their new logits. @param logits divided by the temperature, unless that is 0. */
  private compute(logits: Float32Array, { prompt, generated }: TokenHistory): void {
    const { temperature, repetitionPenalty = 1, presencePenalty = 0, frequencyPenalty = 0 } = this.options;
    const { counts, isInText } = this;
    const scale = temperature === 0 ? 1 : 1 / temperature;
    this.listed = 0;
    for (let index = 0; index < this.biased.length; index++) this.list(this.biased[index]!);
    if (repetitionPenalty !== 1) this.listAll(prompt);
    this.listAll(generated);
    for (let index = 0; index < prompt.length; index++) isInText[prompt[index]!] = 1;
    for (let index = 0; index < generated.length; index++) {
      isInText[generated[index]!] = 1;
      counts[generated[index]!]!++;
    }
    for (let index = 0; index < this.listed; index++) {
      const token = this.tokens[index]!;
      let logit = logits[token]! + this.biases[token]! * scale;
      if (isInText[token]) logit = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
      const count = counts[token]!;
      if (count > 0) logit -= (presencePenalty + count * frequencyPenalty) * scale;
      this.changed[token] = logit;
    }
    for (let index = 0; index < prompt.length; index++) isInText[prompt[index]!] = 0;
    for (let index = 0; index < generated.length; index++) {
      isInText[generated[index]!] = 0;
      counts[generated[index]!] = 0;
    }
    for (let index = 0; index < this.listed; index++) this.isListed[this.tokens[index]!] = 0;
  }

  private listAll(tokens: Int32Array): void {
    for (let index = 0; index < tokens.length; index++) this.list(tokens[index]!);
  }

  private list(token: number): void {
    if (this.isListed[token]) return;
    this.isListed[token] = 1;
    this.tokens[this.listed++] = token;
  }

  /**
   * Changes weights and logits of a row.
   * @param original the row's logits.
   * @param weights its probabilities; overwritten with numbers in proportion to the new ones.
   * @param logits a copy of the logits, changed too.
   * @returns by how much the sum of the weights grew, to some rounding.
   */
  apply(original: Float32Array, weights: Float32Array, logits: Float32Array, history: TokenHistory): number {
    this.compute(original, history);
    let mass = 0;
    let largest = 0;
    for (let index = 0; index < this.listed; index++) {
      const token = this.tokens[index]!;
      const before = weights[token]!;
      // The same logit, −Infinity too, whose difference to itself is not a number.
      const isSame = this.changed[token] === original[token];
      const weight = isSame ? before : before * Math.exp(this.changed[token]! - original[token]!);
      // From a probability of 0, which a small one is rounded to, no other follows.
      if (before < smallestMass && this.changed[token]! > original[token]!)
        largest = Number.POSITIVE_INFINITY;
      largest = Math.max(largest, weight);
      mass += weight - before;
      logits[token] = this.changed[token]!;
      weights[token] = weight;
    }
    if (1 + mass >= smallestMass && largest <= largestWeight && this.isExact(mass, weights)) return mass;
    return this.recompute(original, weights) - 1;
  }

  /** Whether the weights left add up to what was left of 1, which rounding may have made of nothing. */
  private isExact(mass: number, weights: Float32Array): boolean {
    if (1 + mass > 1e-3) return true;
    let sum = 0;
    for (let token = 0; token < weights.length; token++) sum += weights[token]!;
    return sum >= smallestMass;
  }

  /** Computes all weights from the logits. @returns their sum. */
  private recompute(original: Float32Array, weights: Float32Array): number {
    const { tokens, changed, listed, isListed } = this;
    for (let index = 0; index < listed; index++) isListed[tokens[index]!] = 1;
    const logitOf = (token: number): number => (isListed[token] ? changed[token]! : original[token]!);
    let highest = Number.NEGATIVE_INFINITY;
    for (let token = 0; token < original.length; token++) highest = Math.max(highest, logitOf(token));
    let sum = 0;
    for (let token = 0; token < original.length; token++) {
      const weight = highest === Number.NEGATIVE_INFINITY ? 0 : Math.exp(logitOf(token) - highest);
      weights[token] = weight;
      sum += weight;
    }
    for (let index = 0; index < listed; index++) isListed[tokens[index]!] = 0;
    return sum;
  }

  /** The token of the highest changed logit, the first of several; −1 if that is not finite. */
  likeliest(logits: Float32Array, history: TokenHistory): number {
    this.compute(logits, history);
    const { tokens, changed, listed, isListed } = this;
    for (let index = 0; index < listed; index++) isListed[tokens[index]!] = 1;
    let best = -1;
    let highest = Number.NEGATIVE_INFINITY;
    for (let token = 0; token < logits.length; token++) {
      const logit = isListed[token] ? changed[token]! : logits[token]!;
      if (logit > highest) {
        best = token;
        highest = logit;
      } else if (Number.isNaN(logit)) {
        highest = Number.POSITIVE_INFINITY;
      }
    }
    for (let index = 0; index < listed; index++) isListed[tokens[index]!] = 0;
    return Number.isFinite(highest) ? best : -1;
  }
}

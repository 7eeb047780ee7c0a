import type { Random } from '../../common/random.js';
import type { Scores } from '../transformer/decode-scores.js';
import type { SamplingOptions } from './generation-options.js';
import { blockLength } from './kernel-turns.js';
import { LogitChanges, type TokenHistory } from './logit-changes.js';
import { blocksOf, endOf } from './row-memory.js';
import { type RowCutoff, RowSelector } from './row-selector.js';
import { nextFloat } from './sampling-kernel.js';
import type { Aim } from './total-mass.js';

/**
 * Draws tokens under top-k, top-p, min-p, typical sampling and changed logits, in Hugging Face's order, from a copy of a
 * row in the kernel's memory. Nothing is allocated for a token.
 */
export class RowSampler {
  private readonly row: RowSelector;
  private readonly changes: LogitChanges | undefined;
  /** Token ids of a row that was made shorter. */
  private readonly ids: Int32Array;
  private length = 0;
  private isShort = false;
  private mass = 1;
  private readonly likely: Aim;
  private readonly typical: Aim;
  private readonly cutoff: RowCutoff = { value: 0, last: Number.POSITIVE_INFINITY };

  constructor(
    private readonly options: SamplingOptions,
    private readonly vocabularySize: number,
  ) {
    this.row = new RowSelector(vocabularySize);
    const { weights, keys } = this.row.memory;
    const { topP, typicalP = 0 } = options;
    this.likely = { keys: weights, masses: weights, length: 0, share: topP, mass: 0 };
    this.typical = { keys, masses: weights, length: 0, share: typicalP, mass: 0 };
    this.changes = LogitChanges.of(options, vocabularySize);
    this.ids = new Int32Array(options.topK > 0 && options.topK < vocabularySize ? options.topK : 0);
  }

  /** @returns the id, or −1 if the scores are no distribution. */
  sample({ logits, probabilities }: Scores, random: Random, history: TokenHistory): number {
    const { row, changes } = this;
    const { weights, logits: ownLogits } = row.memory;
    const { topK, topP, minP = 0, typicalP = 0 } = this.options;
    if (Number.isNaN(probabilities[0]!)) return -1;
    weights.values.set(probabilities);
    const usesTypical = typicalP > 0 && typicalP < 1;
    if (usesTypical) ownLogits.values.set(logits);
    this.length = this.vocabularySize;
    this.isShort = false;
    this.mass = 1;
    if (changes) this.mass += changes.apply(logits, weights.values, ownLogits.values, history);
    if (topK > 0 && topK < this.vocabularySize) this.shorten(topK, usesTypical);
    // Everything, until a rule leaves out something.
    this.cutoff.value = 0;
    this.cutoff.last = Number.POSITIVE_INFINITY;
    const usesTopP = topP > 0 && topP < 1;
    if (usesTopP) this.byTopP();
    else if (minP === 0 && !usesTypical) this.keepFrom(0);
    if (minP > 0) this.byMinP(minP);
    if (usesTypical) this.byTypicality();
    const drawn = this.draw(usesTypical ? row.memory.keys.values : weights.values, random);
    return drawn < 0 || !this.isShort ? drawn : this.ids[drawn]!;
  }

  /** Keeps the k likeliest tokens alone, in order of id. */
  private shorten(k: number, withLogits: boolean): void {
    const { row, ids } = this;
    const { inside } = row.memory;
    const [weights, logits] = [row.memory.weights.values, row.memory.logits.values];
    row.listLargest(row.memory.weights, this.vocabularySize, k);
    this.mass = 0;
    for (let place = 0; place < k; place++) {
      const token = inside.indices[place]!;
      const weight = weights[token]!;
      if (withLogits) logits[place] = logits[token]!;
      weights[place] = weight;
      ids[place] = token;
      this.mass += weight;
    }
    weights.fill(0, k, blocksOf(k) * blockLength);
    this.length = k;
    this.isShort = true;
  }

  private byTopP(): void {
    const { likely } = this;
    likely.length = this.length;
    likely.mass = this.mass;
    this.row.select(likely, this.cutoff);
  }

  /** Keeps all weights at least a value. */
  private keepFrom(value: number): void {
    const { weights, kernel, sums } = this.row.memory;
    const end = endOf(weights, this.length);
    kernel.sumsFrom(weights.address, weights.address, end, value, sums.byteOffset);
    this.cutoff.value = value;
    this.cutoff.last = Number.POSITIVE_INFINITY;
  }

  /** Takes the higher one of the cutoff and that of min-p: all tokens at least so likely, in relation to the likeliest. */
  private byMinP(minP: number): void {
    const { weights, kernel } = this.row.memory;
    const least = minP * kernel.highest(weights.address, endOf(weights, this.length));
    const rounded = Math.fround(least);
    const value = rounded < least ? nextFloat(rounded) : rounded;
    if (this.cutoff.value < value || value === 0) this.keepFrom(value);
  }

  /**
   * The cutoff of typical sampling over what is left ("Locally Typical Sampling", Meister et al. 2023): a token's surprise
   * differs from the entropy as its logit does from the expected logit, so that no logarithm is needed. Of equally typical
   * tokens all stay, as with Hugging Face.
   */
  private byTypicality(): void {
    const { row, length, typical } = this;
    const { weights, logits, keys, kernel, results } = row.memory;
    const end = endOf(weights, length);
    this.clearBelow(end);
    kernel.moments(weights.address, logits.address, end, results.byteOffset);
    const mass = results[0]!;
    kernel.nearness(weights.address, logits.address, end, results[1]! / mass, keys.address);
    typical.length = length;
    typical.mass = mass;
    row.select(typical, this.cutoff);
  }

  /** Makes impossible what the cutoff leaves out. */
  private clearBelow(end: number): void {
    const { weights, kernel } = this.row.memory;
    const { value, last } = this.cutoff;
    if (value > 0) kernel.clearBelow(weights.address, end, value);
    for (let index = last + 1; index < this.length; index++)
      if (weights.values[index] === value) weights.values[index] = 0;
  }

  /**
   * Inverse transform sampling in order of id (Devroye, "Non-Uniform Random Variate Generation", 1986, section III.2.1):
   * the first token at which the sum of the weights kept so far exceeds a random share of all kept; the last of some
   * weight where rounding keeps the sum below it.
   */
  private draw(keys: Float32Array, random: Random): number {
    const { sums } = this.row.memory;
    const blocks = blocksOf(this.length);
    let total = 0;
    for (let block = 0; block < blocks; block++) total += sums[block]!;
    if (!(total > 0 && total < Number.POSITIVE_INFINITY)) return -1;
    const point = random.uniform() * total;
    let sum = 0;
    let lastKept = -1;
    for (let block = 0; block < blocks; block++) {
      const kept = sums[block]!;
      if (kept === 0) continue;
      lastKept = block;
      if (sum + kept > point) {
        const found = this.scan(block, keys, sum, point);
        if (found >= 0) return found;
      }
      sum += kept;
    }
    return this.scan(lastKept, keys, 0, Number.POSITIVE_INFINITY);
  }

  /** The first token of a block at which the sum exceeds a point; if none does, −1, or the last kept for +Infinity. */
  private scan(block: number, keys: Float32Array, before: number, point: number): number {
    const { value, last } = this.cutoff;
    const weights = this.row.memory.weights.values;
    const end = Math.min((block + 1) * blockLength, this.length);
    let sum = before;
    let found = -1;
    for (let index = block * blockLength; index < end; index++) {
      const key = keys[index]!;
      if (key < value || (key === value && index > last)) continue;
      if (weights[index]! > 0) found = index;
      sum += weights[index]!;
      if (sum > point) return index;
    }
    return point === Number.POSITIVE_INFINITY ? found : -1;
  }
}

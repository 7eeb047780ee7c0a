import type { Random } from '../../common/random.js';
import type { Scores } from '../transformer/decode-scores.js';
import { type Cutoff, findCutoff } from './cutoff.js';
import type { SamplingOptions } from './generation-options.js';
import { LogitChanges, type TokenHistory } from './logit-changes.js';
import { blocksOf, nextFloat, RowSplitter } from './row-splitter.js';
import { blockLength } from './sampling-kernel.js';

/**
 * Draws tokens under top-k, top-p, min-p, typical sampling and changed logits, in Hugging Face's order, from a copy of a
 * row in the kernel's memory. Nothing is allocated for a token.
 */
export class RowSampler {
  private readonly row: RowSplitter;
  private readonly changes: LogitChanges | undefined;
  /** Token ids of a row that was made shorter. */
  private readonly ids: Int32Array;
  private readonly maxima: Float32Array;
  private readonly scratch: Float32Array;
  private readonly ones: Float32Array;
  private length = 0;
  private isShort = false;
  private mass = 1;

  constructor(
    private readonly options: SamplingOptions,
    private readonly vocabularySize: number,
  ) {
    this.row = new RowSplitter(vocabularySize);
    this.changes = LogitChanges.of(options, vocabularySize);
    this.ids = new Int32Array(vocabularySize);
    this.maxima = this.row.keys.values.subarray(0, blocksOf(vocabularySize));
    this.scratch = new Float32Array(vocabularySize);
    this.ones = new Float32Array(vocabularySize).fill(1);
  }

  /** @returns the id, or −1 if the scores are no distribution. */
  sample({ logits, probabilities }: Scores, random: Random, history: TokenHistory): number {
    const { row, changes } = this;
    const { topK, topP, minP = 0, typicalP = 0 } = this.options;
    if (Number.isNaN(probabilities[0]!)) return -1;
    const { weights } = row;
    weights.values.set(probabilities);
    const usesTypical = typicalP > 0 && typicalP < 1;
    if (usesTypical) row.logits.values.set(logits);
    this.length = this.vocabularySize;
    this.isShort = false;
    this.mass = 1;
    if (changes) this.mass += changes.apply(logits, weights.values, row.logits.values, history);
    if (topK > 0 && topK < this.vocabularySize) this.shorten(topK, usesTypical);
    let cutoff: Cutoff | undefined;
    if (topP > 0 && topP < 1)
      cutoff = row.select(weights, weights, this.length, { share: topP, ties: 'key' }, this.mass);
    if (minP > 0) cutoff = this.byMinP(minP, cutoff);
    if (usesTypical) cutoff = this.byTypicality(typicalP, cutoff);
    const keys = usesTypical ? row.keys : weights;
    if (!cutoff) {
      cutoff = { value: 0, ties: 0 };
      row.split(weights, weights, this.length, Number.POSITIVE_INFINITY, 0);
    }
    const drawn = this.draw(keys.values, cutoff, random);
    return drawn < 0 || !this.isShort ? drawn : this.ids[drawn]!;
  }

  /** Keeps the k likeliest tokens alone, in order of id. */
  private shorten(k: number, withLogits: boolean): void {
    const { row, ids, maxima } = this;
    const weights = row.weights.values;
    const logits = row.logits.values;
    const blocks = blocksOf(this.vocabularySize);
    const end = row.weights.address + 4 * blocks * blockLength;
    row.kernel.blockMaxima(row.weights.address, end, row.keys.address);
    const { value, ties } = this.topKCutoff(k, blocks);
    let count = 0;
    let left = ties;
    this.mass = 0;
    for (let block = 0; block < blocks && count < k; block++) {
      if (maxima[block]! < value) continue;
      const blockEnd = Math.min((block + 1) * blockLength, this.vocabularySize);
      for (let token = block * blockLength; token < blockEnd; token++) {
        const weight = weights[token]!;
        if (weight < value || (weight === value && left-- <= 0)) continue;
        if (withLogits) logits[count] = logits[token]!;
        weights[count] = weight;
        ids[count++] = token;
        this.mass += weight;
      }
    }
    weights.fill(0, count, blocksOf(count) * blockLength);
    this.length = count;
    this.isShort = true;
  }

  /**
   * The cutoff of top-k. At most k − 1 blocks hold values above the k-th largest block maximum, which at least k values
   * reach.
   */
  private topKCutoff(k: number, blocks: number): Cutoff {
    const { scratch, maxima, ones } = this;
    const weights = this.row.weights.values;
    let bound = -1;
    if (k <= blocks) {
      scratch.set(maxima);
      bound = findCutoff(scratch, ones, blocks, k).value;
    }
    let count = 0;
    for (let block = 0; block < blocks; block++) {
      if (maxima[block]! <= bound) continue;
      const blockEnd = Math.min((block + 1) * blockLength, this.vocabularySize);
      for (let token = block * blockLength; token < blockEnd; token++) {
        const weight = weights[token]!;
        if (weight > bound) scratch[count++] = weight;
      }
    }
    if (count < k) return { value: bound, ties: k - count };
    return findCutoff(scratch, ones, count, k);
  }

  /** The higher one of a cutoff and that of min-p: all tokens at least so likely, in relation to the likeliest. */
  private byMinP(minP: number, cutoff: Cutoff | undefined): Cutoff {
    const { row, length } = this;
    const { address } = row.weights;
    const blocks = blocksOf(length);
    row.kernel.blockMaxima(address, address + 4 * blocks * blockLength, row.keys.address);
    let highest = 0;
    for (let block = 0; block < blocks; block++) highest = Math.max(highest, row.keys.values[block]!);
    const least = minP * highest;
    const rounded = Math.fround(least);
    const value = rounded < least ? nextFloat(rounded, 1) : rounded;
    if (cutoff && cutoff.value >= value) return cutoff;
    row.split(row.weights, row.weights, length, Number.POSITIVE_INFINITY, nextFloat(value, -1));
    return { value, ties: Number.POSITIVE_INFINITY };
  }

  /**
   * The cutoff of typical sampling over what is left ("Locally Typical Sampling", Meister et al. 2023): a token's surprise
   * differs from the entropy as its logit does from the expected logit, so that no logarithm is needed. Of equally typical
   * tokens all stay, as with Hugging Face.
   */
  private byTypicality(typicalP: number, cutoff: Cutoff | undefined): Cutoff {
    const { row, length } = this;
    const { weights, logits, keys, kernel } = row;
    const end = weights.address + 4 * blocksOf(length) * blockLength;
    if (cutoff) this.clearBelow(cutoff, end);
    const [mass] = row.split(weights, weights, length, Number.POSITIVE_INFINITY, 0);
    const expected = kernel.weightedSum(weights.address, logits.address, end) / mass;
    kernel.nearness(weights.address, logits.address, end, expected, keys.address);
    const { value } = row.select(keys, weights, length, { share: typicalP, ties: 'any' }, mass);
    row.split(keys, weights, length, Number.POSITIVE_INFINITY, nextFloat(value, -1));
    return { value, ties: Number.POSITIVE_INFINITY };
  }

  private clearBelow({ value, ties }: Cutoff, end: number): void {
    const { weights, kernel } = this.row;
    kernel.clearBelow(weights.address, end, value);
    if (ties === Number.POSITIVE_INFINITY) return;
    let left = ties;
    for (let index = 0; index < this.length; index++)
      if (weights.values[index] === value && left-- <= 0) weights.values[index] = 0;
  }

  /**
   * Inverse transform sampling in order of id (Devroye, "Non-Uniform Random Variate Generation", 1986, section III.2.1):
   * the first token at which the sum of the weights kept so far exceeds a random share of all kept; the last of some
   * weight where rounding keeps the sum below it.
   */
  private draw(keys: Float32Array, cutoff: Cutoff, random: Random): number {
    const blocks = blocksOf(this.length);
    let total = 0;
    this.begin(cutoff);
    for (let block = 0; block < blocks; block++) total += this.keptIn(block, keys, cutoff);
    if (!(total > 0 && total < Number.POSITIVE_INFINITY)) return -1;
    const point = random.uniform() * total;
    this.begin(cutoff);
    let sum = 0;
    let last = -1;
    for (let block = 0; block < blocks; block++) {
      const leftBefore = this.left;
      const kept = this.keptIn(block, keys, cutoff);
      if (kept === 0) continue;
      last = block;
      if (sum + kept <= point) {
        sum += kept;
        continue;
      }
      const leftAfter = this.left;
      this.left = leftBefore;
      const found = this.scan(block, keys, cutoff, sum, point);
      if (found >= 0) return found;
      this.left = leftAfter;
      sum += kept;
    }
    return this.scan(last, keys, { ...cutoff, ties: Number.POSITIVE_INFINITY }, 0, Number.POSITIVE_INFINITY);
  }

  /** How many keys equal to the cutoff are still to be kept, and the next of the gathered ones. */
  private left = 0;
  private next = 0;

  private begin({ ties }: Cutoff): void {
    this.left = ties;
    this.next = 0;
  }

  /** The weights kept in a block, after the blocks before it were asked for. */
  private keptIn(block: number, keys: Float32Array, { value }: Cutoff): number {
    const { row } = this;
    let sum = row.sums[block]!;
    if (row.low === row.high) {
      const ties = Math.min(this.left, row.countOf(block));
      this.left -= ties;
      return ties === 0 ? sum : sum + ties * value;
    }
    const { gathered, gatheredCount, weights } = row;
    const end = (block + 1) * blockLength;
    while (this.next < gatheredCount && gathered[this.next]! < end) {
      const index = gathered[this.next++]!;
      const key = keys[index]!;
      if (key > value || (key === value && this.left-- > 0)) sum += weights.values[index]!;
    }
    return sum;
  }

  /** The first token of a block at which the sum exceeds a point; if none does, −1, or the last kept for +Infinity. */
  private scan(block: number, keys: Float32Array, { value }: Cutoff, before: number, point: number): number {
    const weights = this.row.weights.values;
    const end = Math.min((block + 1) * blockLength, this.length);
    let sum = before;
    let last = -1;
    for (let index = block * blockLength; index < end; index++) {
      const key = keys[index]!;
      if (key < value || (key === value && this.left-- <= 0)) continue;
      if (weights[index]! > 0) last = index;
      sum += weights[index]!;
      if (sum > point) return index;
    }
    return point === Number.POSITIVE_INFINITY ? last : -1;
  }
}

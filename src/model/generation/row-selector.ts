import { blockLength, turnLength } from './kernel-turns.js';
import { blocksOf, endOf, type Numbers, RowMemory } from './row-memory.js';
import { atOrder, nextFloat, orderOf } from './sampling-kernel.js';
import { type Aim, sumOf, TotalMass } from './total-mass.js';

/** What of a row is kept: all keys above a value, and of those equal to it the ones up to an index. Overwritten in place. */
export interface RowCutoff {
  value: number;
  last: number;
}

const sampleSize = 256;
/** Half the width of a bracket, in standard deviations: 9 of 10 hold the cutoff. */
const deviations = 1.6;
/** Up to so many keys are not sampled. */
const fewKeys = 512;
/** From so many keys on a sample of a sixteenth is much smaller than all. */
const manyKeys = 8192;
/** Where so few of a sample are to be kept, its deviation says little. */
const fewSampled = 4;
const [vectorsBytes, sparseBytes] = [64, 1024];

/**
 * Finds the largest keys of a row: a sample tells between which two numbers the cutoff is to be expected, one pass adds up
 * the masses above and lists the keys between, and the cutoff is looked for among these. A bracket that misses is moved.
 */
export class RowSelector {
  readonly memory: RowMemory;
  private readonly sample = new Float32Array(sampleSize);
  /** The bracket: places in the sorted sample, or those before and behind all. */
  private from = -1;
  private to = sampleSize;
  private readonly counted: Aim;
  private readonly total: TotalMass;

  /** @param capacity the longest row. */
  constructor(capacity: number) {
    this.memory = RowMemory.of(capacity);
    const { weights, ones } = this.memory;
    this.total = new TotalMass(this.memory);
    this.counted = { keys: weights, masses: ones, length: 0, share: 0, mass: 0 };
  }

  /**
   * Finds the cutoff that keeps the fewest largest keys whose masses reach a share of all; all if rounding keeps them below it. Of
   * equal keys the first ones are kept, where keys are their own masses, else all. The memory's `sums` are then those of what
   * is kept.
   */
  select(aim: Aim, cutoff: RowCutoff): void {
    const { keys, masses, length } = aim;
    const { kernel, sums, inside, results } = this.memory;
    const { sample } = this;
    this.from = -1;
    this.to = sampleSize;
    this.total.of(aim);
    if (length > fewKeys) this.guess(aim);
    let hasMovedUp = false;
    for (let width = Math.max(1, this.to - this.from); ; width *= 2) {
      const low = this.from < 0 ? Number.NEGATIVE_INFINITY : sample[this.from]!;
      const high = this.to >= sampleSize ? Number.POSITIVE_INFINITY : sample[this.to]!;
      const isOne = low === high;
      const listEnd = kernel.split(
        keys.address,
        masses.address,
        endOf(keys, length),
        // Next to −0 is not 0, which equals it.
        isOne ? nextFloat(low || 0) : low,
        high,
        sums.byteOffset,
        inside.indices.byteOffset,
        results.byteOffset,
      );
      const count = (listEnd - inside.indices.byteOffset) / 4;
      const listed = this.pickListed(aim, count);
      const above = sumOf(sums, blocksOf(length));
      this.total.learn(above + listed, results[0]!);
      if (high < Number.POSITIVE_INFINITY && this.total.isReachedBy(above)) {
        this.from = this.to;
        this.to += 2 * width;
        hasMovedUp = true;
        continue;
      }
      // What lies above was found to be too much before: where it is not now, that is rounding.
      const isLowest = this.from < 0 || hasMovedUp;
      const isFound = isOne
        ? this.findEqual(aim, low, above, isLowest, cutoff)
        : this.findListed(aim, count, low, high, above, isLowest, cutoff);
      if (isFound) return;
      this.to = this.from;
      this.from -= 2 * width;
    }
  }

  /** Copies the listed keys and masses. @returns the sum of these masses. */
  private pickListed({ keys, masses }: Aim, count: number): number {
    const { inside } = this.memory;
    const sum = this.pick(count, keys, inside.keys);
    return keys === masses ? sum : this.pick(count, masses, inside.masses);
  }

  /**
   * Finds the bracket in which the cutoff is expected. Where keys are masses, smaller keys make up the mass left out, give or
   * take the deviation that the sum over such a sample has; a larger part of the row then makes that less. Where they are not,
   * a sample does not tell masses: all are looked at.
   */
  private guess(aim: Aim): void {
    const { keys, masses, length, mass, share } = aim;
    const { sample } = this;
    takeSample(keys.values, length, sample);
    const left = (1 - share) * mass;
    const expected = share * sampleSize;
    if (masses === this.memory.ones && expected < fewSampled) {
      this.from = sampleSize - 2 - Math.ceil(expected + 2 * Math.sqrt(expected));
    } else if (keys === masses || masses === this.memory.ones) {
      const deviation = this.guessBySample(left * (sampleSize / length), keys === masses);
      if (length > manyKeys)
        this.narrow(aim, left, sparseBytes, deviation * Math.sqrt((16 * length) / sampleSize));
    } else {
      this.narrow(aim, left, vectorsBytes, 0);
    }
    // Beyond the ends of a sample may stand nothing but numbers equal to them.
    if (this.from < 0 && sample[0] === sample[this.to]) this.from = 0;
    if (this.to >= sampleSize && sample[sampleSize - 1] === sample[this.from]) this.to = sampleSize - 1;
  }

  /** @param left of the sample's sum. @returns the deviation of such a sum. */
  private guessBySample(left: number, isMass: boolean): number {
    const { sample } = this;
    let sum = 0;
    let squares = 0;
    let deviation = 0;
    for (let place = 0; place < sampleSize; place++) {
      const each = isMass ? sample[place]! : 1;
      sum += each;
      squares += each * each;
      deviation = deviations * Math.sqrt(Math.max(0, squares - (sum * sum) / sampleSize));
      if (sum + deviation < left) this.from = place;
      if (sum - deviation <= left) continue;
      this.to = place;
      break;
    }
    return deviation;
  }

  /** Narrows the bracket by the masses of 16 keys of every `stride` bytes, as long as they differ by more than a deviation. */
  private narrow({ keys, masses, length }: Aim, left: number, stride: number, deviation: number): void {
    const { kernel, shares } = this.memory;
    const { sample } = this;
    for (let turn = 0; turn < 3; turn++) {
      const from = Math.max(this.from, 0);
      const to = Math.min(this.to, sampleSize - 1);
      if (to - from < 4) return;
      const middle = (from + to) >> 1;
      const first = (from + middle) >> 1;
      const third = (middle + to) >> 1;
      kernel.shares(
        keys.address,
        masses.address,
        endOf(keys, length),
        stride,
        sample[first]!,
        sample[middle]!,
        sample[third]!,
        shares.byteOffset,
      );
      const all = sumOfFour(shares, 0);
      for (let index = 1; index <= 3; index++) {
        const below = (all - sumOfFour(shares, index)) * (stride / vectorsBytes);
        const place = index === 1 ? first : index === 2 ? middle : third;
        if (below + deviation <= left) this.from = Math.max(this.from, place);
        if (below - deviation > left) this.to = Math.min(this.to, place);
      }
    }
  }

  /** Finds the cutoff among equal keys. @returns false if it lies below. */
  private findEqual(aim: Aim, value: number, above: number, isLowest: boolean, cutoff: RowCutoff): boolean {
    const { keys, masses, length } = aim;
    const { kernel, sums, counts } = this.memory;
    const end = endOf(keys, length);
    const blocks = blocksOf(length);
    cutoff.value = value;
    cutoff.last = Number.POSITIVE_INFINITY;
    if (keys !== masses) {
      kernel.sumsFrom(keys.address, masses.address, end, value, sums.byteOffset);
      return this.total.isReachedBy(sumOf(sums, blocks)) || isLowest;
    }
    kernel.counts(keys.address, end, value, counts.byteOffset);
    let equal = 0;
    for (let block = 0; block < blocks; block++) equal += counts[block]!;
    const needed = this.total.wantedOf(value, above);
    if (needed > equal && !isLowest) return false;
    cutoff.last = this.keepEqual(keys.values, length, value, needed);
    return true;
  }

  /** Adds the first of the keys that equal a value to the sums. @returns the last index of these. */
  private keepEqual(keys: Float32Array, length: number, value: number, needed: number): number {
    const { sums, counts } = this.memory;
    let left = needed;
    for (let block = 0; block < blocksOf(length); block++) {
      const count = counts[block]!;
      if (count < left) {
        sums[block] = sums[block]! + count * value;
        left -= count;
        continue;
      }
      sums[block] = sums[block]! + left * value;
      for (let index = block * blockLength; ; index++)
        if (keys[index] === value && --left === 0) return index;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Finds the cutoff among the listed keys. @returns false if it lies below. */
  private findListed(
    aim: Aim,
    count: number,
    low: number,
    high: number,
    above: number,
    isLowest: boolean,
    cutoff: RowCutoff,
  ): boolean {
    const { keys, masses } = aim;
    const { inside, sums, kernel, results } = this.memory;
    const { indices } = inside;
    const ownMasses = keys === masses ? inside.keys : inside.masses;
    const keysInside = inside.keys.values;
    const massesInside = ownMasses.values;
    const { address } = inside.keys;
    const end = address + 4 * padWith(keysInside, count, Number.NEGATIVE_INFINITY);
    let value: number;
    let isReached: boolean;
    let error: number;
    do {
      error = this.total.error;
      value = this.cutoffInside(ownMasses, count, low, high, this.total.target - above);
      kernel.tally(address, ownMasses.address, end, value, results.byteOffset);
      // Asked for both, so that the total is added up where one of them depends on it.
      const isTooHigh = this.total.isReachedBy(above + results[0]!);
      isReached = this.total.isReachedBy(above + results[0]! + results[1]!) || isTooHigh;
    } while (error !== this.total.error);
    if (!isReached && !isLowest) return false;
    cutoff.value = value;
    cutoff.last = Number.POSITIVE_INFINITY;
    let left = keys === masses && value > 0 ? this.total.wantedOf(value, above + results[0]!) : results[2]!;
    for (let place = 0; place < count; place++) {
      const key = keysInside[place]!;
      if (key < value || (key === value && left <= 0)) continue;
      const block = indices[place]! >> blockShift;
      sums[block] = sums[block]! + massesInside[place]!;
      if (key === value && --left === 0 && keys === masses) cutoff.last = indices[place]!;
    }
    return true;
  }

  /** Copies the numbers whose indices are listed. @returns their sum. */
  private pick(count: number, from: Numbers, to: Numbers): number {
    const { byteOffset } = this.memory.inside.indices;
    return this.memory.kernel.pick(byteOffset, byteOffset + 4 * count, from.address, to.address);
  }

  /** The largest number that listed keys are at least equal to whose masses reach a target; `low` if there is none. */
  private cutoffInside(masses: Numbers, count: number, low: number, high: number, target: number): number {
    const { kernel, inside } = this.memory;
    const { address } = inside.keys;
    const end = address + 4 * padWith(inside.keys.values, count, Number.NEGATIVE_INFINITY);
    return atOrder(kernel.cutoff(address, masses.address, end, target, orderOf(low), orderOf(high)));
  }

  /**
   * Lists the indices of the largest keys in order, of equal keys the first ones, as the memory's `inside`.
   * @param wanted how many, fewer than there are.
   */
  listLargest(keys: Numbers, length: number, wanted: number): void {
    const { inside, counts, kernel, ones } = this.memory;
    const { indices } = inside;
    const { sample } = this;
    const { counted } = this;
    counted.keys = keys;
    counted.length = length;
    counted.share = wanted / length;
    counted.mass = length;
    this.from = -1;
    this.to = sampleSize;
    if (length > fewKeys) this.guess(counted);
    for (let width = Math.max(1, this.to - this.from); ; width *= 2, this.from -= width) {
      const low = this.from < 0 ? Number.NEGATIVE_INFINITY : sample[this.from]!;
      const high = this.to >= sampleSize ? Number.POSITIVE_INFINITY : sample[this.to]!;
      const above = this.list(keys, 0, length, nextFloat(low), 0);
      if (above >= wanted) {
        this.pick(above, keys, inside.keys);
        let value = this.cutoffInside(ones, above, low, high, wanted);
        // As many may reach a number above the bracket.
        if (value === high) value = this.cutoffInside(ones, above, high, Number.POSITIVE_INFINITY, wanted);
        keepFirst(keys.values, indices, above, value, wanted);
        return;
      }
      kernel.counts(keys.address, endOf(keys, length), low, counts.byteOffset);
      let left = wanted - above;
      for (let block = 0; block < blocksOf(length); block++) {
        left -= counts[block]!;
        if (left > 0) continue;
        // Equal keys are wanted up to some one in this block.
        const end = (block + 1) * blockLength;
        const listed = this.list(keys, 0, end, low, 0);
        const all = this.list(keys, end, length, nextFloat(low), listed);
        keepFirst(keys.values, indices, all, low, wanted);
        return;
      }
    }
  }

  /** Lists the indices of the keys at least `low` of some blocks. @returns how many are listed then. */
  private list(keys: Numbers, from: number, to: number, low: number, listed: number): number {
    if (from >= to) return listed;
    const { indices } = this.memory.inside;
    const start = indices.byteOffset + 4 * listed;
    const end = this.memory.kernel.list(keys.address + 4 * from, endOf(keys, to), low, from, start);
    return (end - indices.byteOffset) / 4;
  }
}

const blockShift = Math.log2(blockLength);

/** Makes a list of keys one of those above a value, and of the first equal to it, `wanted` together. */
function keepFirst(
  keys: Float32Array,
  indices: Int32Array,
  listed: number,
  value: number,
  wanted: number,
): void {
  let left = wanted;
  for (let place = 0; place < listed; place++) if (keys[indices[place]!]! > value) left--;
  let kept = 0;
  for (let place = 0; place < listed; place++) {
    const index = indices[place]!;
    const key = keys[index]!;
    if (key > value || (key === value && left-- > 0)) indices[kept++] = index;
  }
}

/** Fills up a turn of the kernel's. @returns the length with that. */
function padWith(values: Float32Array, length: number, value: number): number {
  const padded = Math.ceil(length / turnLength) * turnLength;
  values.fill(value, length, padded);
  return padded;
}

/** Fills a sample with numbers of a row at equal distances, and sorts it. */
function takeSample(values: Float32Array, length: number, sample: Float32Array): void {
  const stride = Math.floor(length / sample.length);
  for (let index = 0; index < sample.length; index++) sample[index] = values[index * stride]!;
  sample.sort();
}

const sumOfFour = (numbers: Float32Array, place: number): number =>
  numbers[4 * place]! + numbers[4 * place + 1]! + numbers[4 * place + 2]! + numbers[4 * place + 3]!;

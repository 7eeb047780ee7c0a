import { type Cutoff, findCutoff } from './cutoff.js';
import { blockLength, openSamplingKernel, type SamplingKernel } from './sampling-kernel.js';

/** Numbers that a share or a count of is asked for, in the kernel's memory. */
interface Numbers {
  readonly values: Float32Array;
  readonly address: number;
}

/** What the largest keys are to reach: a share of all masses, or a mass; how masses are found where keys are equal. */
interface Aim {
  readonly share?: number;
  readonly mass?: number;
  /** `key`: a key is its own mass; `one`: each counts 1; `any`: masses of equal keys differ, and all are taken. */
  readonly ties: 'key' | 'one' | 'any';
}

const sampleSize = 256;
/** Half the width of a bracket, in standard deviations: 9 of 10 hold the cutoff. */
const deviations = 1.6;
/** Up to so many keys are partitioned in JavaScript. */
const fewKeys = 1024;
const view = new DataView(new ArrayBuffer(4));

/** The float32 next to a number on the way to +Infinity (`by` 1) or −Infinity (−1). */
export function nextFloat(value: number, by: 1 | -1): number {
  if (!Number.isFinite(value)) return value;
  if (value === 0) return by * 2 ** -149;
  view.setFloat32(0, value);
  view.setInt32(0, view.getInt32(0) + (value > 0 ? by : -by));
  return view.getFloat32(0);
}

/** Memory of one row, and what the last split of it found. */
export class RowSplitter {
  readonly weights: Numbers;
  readonly logits: Numbers;
  readonly keys: Numbers;
  /** Of each block: the sum of masses above the bracket. */
  readonly sums: Float64Array;
  private readonly counts: Int32Array;
  /** Indices of the keys inside the bracket, in order. */
  readonly gathered: Int32Array;
  private readonly total: Float64Array;
  readonly kernel: SamplingKernel;
  private readonly sample = new Float32Array(sampleSize);
  private readonly keysInside: Numbers;
  private readonly massesInside: Numbers;
  private readonly innerIndices: Int32Array;
  private readonly innerSums: Float64Array;
  private readonly innerCounts: Int32Array;
  /** The bracket of the last split, and how many keys it holds. */
  low = 0;
  high = 0;
  gatheredCount = 0;

  /** @param capacity the longest row. */
  constructor(capacity: number) {
    const blocks = Math.ceil(capacity / blockLength);
    const padded = blocks * blockLength;
    const bytes = 5 * 4 * padded + 2 * 4 * (padded + 4) + 2 * (8 + 16) * blocks + 64;
    this.kernel = openSamplingKernel(bytes);
    const { buffer } = this.kernel.memory;
    let at = 0;
    const take = (size: number): number => {
      const address = at;
      at += Math.ceil(size / 16) * 16;
      return address;
    };
    const numbers = (): Numbers => {
      const address = take(4 * padded);
      return { address, values: new Float32Array(buffer, address, padded) };
    };
    this.weights = numbers();
    this.logits = numbers();
    this.keys = numbers();
    this.keysInside = numbers();
    this.massesInside = numbers();
    this.sums = new Float64Array(buffer, take(8 * blocks), blocks);
    this.counts = new Int32Array(buffer, take(16 * blocks), 4 * blocks);
    this.innerSums = new Float64Array(buffer, take(8 * blocks), blocks);
    this.innerCounts = new Int32Array(buffer, take(16 * blocks), 4 * blocks);
    this.total = new Float64Array(buffer, take(8), 1);
    // A lane that is not inside writes where the next one does: one place more than there are keys.
    this.gathered = new Int32Array(buffer, take(4 * (padded + 1)), padded);
    this.innerIndices = new Int32Array(buffer, take(4 * (padded + 1)), padded);
  }

  /** How many keys of a block lie in the bracket. */
  countOf(block: number): number {
    const { counts } = this;
    return counts[4 * block]! + counts[4 * block + 1]! + counts[4 * block + 2]! + counts[4 * block + 3]!;
  }

  /**
   * Splits a row: {@link sums} of the masses whose keys are above `high`, and, unless the bracket is a single value, the
   * indices of keys inside it. @returns the masses above, and all masses.
   */
  split(keys: Numbers, masses: Numbers, length: number, low: number, high: number): [number, number] {
    const end = keys.address + 4 * blocksOf(length) * blockLength;
    const { sums, counts, gathered, total } = this;
    const gathers = Number(low < high);
    const gatheredEnd = this.kernel.split(
      ...[keys.address, masses.address, end, low, high, sums.byteOffset, counts.byteOffset],
      ...[gathered.byteOffset, gathers, total.byteOffset],
    );
    this.low = low;
    this.high = high;
    this.gatheredCount = (gatheredEnd - gathered.byteOffset) / 4;
    return [sumOf(sums, blocksOf(length)), total[0]!];
  }

  /**
   * The cutoff that keeps the fewest largest keys whose masses reach an aim; all if rounding keeps them below it. The last
   * split is then one whose bracket holds the cutoff.
   * @param all an estimate of all masses.
   */
  select(keys: Numbers, masses: Numbers, length: number, aim: Aim, all: number): Cutoff {
    let [from, to] = [-1, sampleSize];
    let width = sampleSize;
    const { sample } = this;
    if (length > fewKeys) {
      const stride = Math.floor(length / sampleSize);
      for (let index = 0; index < sampleSize; index++) sample[index] = keys.values[index * stride]!;
      sample.sort();
      if (aim.ties === 'any') {
        // Masses that are not told by keys are not told by a sample: halving takes a pass each, and never misses.
        for (from = 0; to - from > sampleSize / 16; ) {
          const middle = (from + to) >> 1;
          const [above, total] = this.split(keys, masses, length, Number.POSITIVE_INFINITY, sample[middle]!);
          if (above >= (aim.mass ?? aim.share! * total)) from = middle;
          else to = middle;
        }
      } else {
        this.guess(length, aim, all);
        [from, to] = [this.guessedFrom, this.guessedTo];
      }
      width = to - from;
    }
    for (;;) {
      const low = from < 0 ? Number.NEGATIVE_INFINITY : sample[from]!;
      const high = to >= sampleSize ? Number.POSITIVE_INFINITY : sample[to]!;
      const [above, total] = this.split(keys, masses, length, low, high);
      const target = aim.mass ?? aim.share! * total;
      if (above >= target && high < Number.POSITIVE_INFINITY) {
        [from, to] = [to, to + 2 * width];
      } else {
        const found = this.findInside(keys, masses, length, aim, target - above);
        if (found) {
          // Two walks over many gathered keys would take longer than another pass.
          if (this.gatheredCount > fewKeys && aim.ties !== 'any')
            this.split(keys, masses, length, found.value, found.value);
          return found;
        }
        [from, to] = [from - 2 * width, from];
      }
      width *= 2;
    }
  }

  private guessedFrom = 0;
  private guessedTo = 0;

  /**
   * The places in the sorted sample between which the cutoff is expected: smaller keys make up the mass left out, give or
   * take the deviation that the sum over such a sample has.
   */
  private guess(length: number, { share, mass, ties }: Aim, all: number): void {
    const { sample } = this;
    const left = (mass === undefined ? (1 - share!) * all : all - mass) * (sampleSize / length);
    let [sum, squares] = [0, 0];
    this.guessedFrom = -1;
    this.guessedTo = sampleSize;
    for (let index = 0; index < sampleSize; index++) {
      const each = ties === 'key' ? sample[index]! : 1;
      sum += each;
      squares += each * each;
      const deviation = deviations * Math.sqrt(squares - (sum * sum) / sampleSize);
      if (sum + deviation < left) this.guessedFrom = index;
      if (sum - deviation > left) {
        this.guessedTo = index;
        break;
      }
    }
  }

  /** The cutoff inside the bracket; undefined if it lies below. */
  private findInside(
    keys: Numbers,
    masses: Numbers,
    length: number,
    { ties }: Aim,
    target: number,
  ): Cutoff | undefined {
    const { low, high, gatheredCount: count, gathered, keysInside, massesInside } = this;
    const isLowest = low === Number.NEGATIVE_INFINITY;
    if (low === high) {
      if (ties === 'any') {
        const before = sumOf(this.sums, blocksOf(length));
        const [reached] = this.split(keys, masses, length, Number.POSITIVE_INFINITY, nextFloat(low, -1));
        return reached - before >= target ? { value: low, ties: Number.POSITIVE_INFINITY } : undefined;
      }
      let equal = 0;
      for (let block = 0; block < blocksOf(length); block++) equal += this.countOf(block);
      const needed = Math.ceil(target / (ties === 'key' ? low : 1));
      return needed <= equal ? { value: low, ties: needed } : undefined;
    }
    if (count === 0) return isLowest ? { value: high, ties: Number.POSITIVE_INFINITY } : undefined;
    const from = gathered.byteOffset;
    const end = from + 4 * count;
    this.kernel.pick(from, end, keys.address, keysInside.address);
    if (keys === masses) massesInside.values.set(keysInside.values.subarray(0, count));
    else this.kernel.pick(from, end, masses.address, massesInside.address);
    return this.findGathered(count, target, isLowest);
  }

  /** The cutoff among the gathered keys, of which most are ruled out by a second bracket. */
  private findGathered(count: number, target: number, isLowest: boolean): Cutoff | undefined {
    const { sample, keysInside, massesInside } = this;
    const [keys, masses] = [keysInside.values, massesInside.values];
    const blocks = blocksOf(count);
    const padded = blocks * blockLength;
    keys.fill(Number.NEGATIVE_INFINITY, count, padded);
    masses.fill(0, count, padded);
    const {
      innerSums,
      innerCounts,
      innerIndices,
      total,
      keysInside: { address },
    } = this;
    const splitAt = (low: number, high: number): number =>
      this.kernel.split(
        ...[address, massesInside.address, address + 4 * padded, low, high],
        ...[innerSums.byteOffset, innerCounts.byteOffset, innerIndices.byteOffset, 1, total.byteOffset],
      );
    let bracket: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    if (count > fewKeys) {
      const small = sample.subarray(0, sampleSize / 2);
      const stride = Math.floor(count / small.length);
      for (let index = 0; index < small.length; index++) small[index] = keys[index * stride]!;
      small.sort();
      splitAt(...bracket);
      const part = Math.min(1, Math.max(0, 1 - target / total[0]!));
      const middle = Math.round(part * (small.length - 1));
      const last = small.length - 1;
      bracket = [small[Math.max(0, middle - 10)]!, small[Math.min(last, middle + 10)]!];
    }
    const end = splitAt(...bracket);
    if (total[0]! < target && !isLowest) return undefined;
    const found = (end - innerIndices.byteOffset) / 4;
    const above = sumOf(innerSums, blocks);
    let inside = 0;
    for (let place = 0; place < found; place++) inside += masses[innerIndices[place]!]!;
    if (found === 0 || above >= target || above + inside < target)
      return findCutoff(keys, masses, count, target);
    for (let place = 0; place < found; place++) {
      const index = innerIndices[place]!;
      keys[place] = keys[index]!;
      masses[place] = masses[index]!;
    }
    return findCutoff(keys, masses, found, target - above);
  }
}

export const blocksOf = (length: number): number => Math.ceil(length / blockLength);

function sumOf(sums: Float64Array, blocks: number): number {
  let sum = 0;
  for (let block = 0; block < blocks; block++) sum += sums[block]!;
  return sum;
}

import { blocksOf, endOf, type Numbers, type RowMemory } from './row-memory.js';
import { roundedSumError } from './selection-loops.js';

/** What the largest keys are to reach. Overwritten in place. */
export interface Aim {
  keys: Numbers;
  masses: Numbers;
  length: number;
  /** Of all masses. */
  share: number;
  /** All masses, to some rounding. */
  mass: number;
}

/**
 * The share of all masses of a row that is to be reached. What lies below the bracket in which the cutoff is looked for is known
 * to some rounding, which hardly ever matters; where a question depends on it, all masses are added up in float64.
 */
export class TotalMass {
  /** By how much the total may be wrong; 0 once all were added up. */
  error = 0;
  private total = 0;
  private aim: Aim | undefined;

  constructor(private readonly memory: RowMemory) {}

  /** Begins with another row. */
  of(aim: Aim): void {
    this.aim = aim;
    this.error = Number.POSITIVE_INFINITY;
  }

  /** @param below as the kernel's `split` adds it up. @param rest all other masses. */
  learn(rest: number, below: number): void {
    if (this.error === 0) return;
    this.total = rest + below;
    this.error = roundedSumError * below;
  }

  get target(): number {
    return this.aim!.share * this.total;
  }

  /** Whether masses reach the share that is wanted. */
  isReachedBy(sum: number): boolean {
    const beyond = sum - this.target;
    if (this.error === 0 || Math.abs(beyond) > this.aim!.share * this.error) return beyond >= 0;
    this.addUp();
    return sum >= this.target;
  }

  /** How many keys that are masses of a value are wanted beside those above it. */
  wantedOf(value: number, above: number): number {
    const { share } = this.aim!;
    const most = Math.ceil((share * (this.total + this.error) - above) / value);
    if (this.error === 0 || Math.ceil((share * (this.total - this.error) - above) / value) === most)
      return most;
    this.addUp();
    return Math.ceil((this.target - above) / value);
  }

  private addUp(): void {
    const { masses, length } = this.aim!;
    const { kernel, totals } = this.memory;
    const { address } = masses;
    kernel.sumsFrom(address, address, endOf(masses, length), Number.NEGATIVE_INFINITY, totals.byteOffset);
    this.total = sumOf(totals, blocksOf(length));
    this.error = 0;
  }
}

export function sumOf(sums: Float64Array, blocks: number): number {
  let sum = 0;
  for (let block = 0; block < blocks; block++) sum += sums[block]!;
  return sum;
}

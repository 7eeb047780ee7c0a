import { blockLength } from './kernel-turns.js';
import { openSamplingKernel, type SamplingKernel } from './sampling-kernel.js';

/** Numbers of a row, in the kernel's memory. */
export interface Numbers {
  readonly values: Float32Array;
  /** In bytes. */
  readonly address: number;
}

/** Some keys of a row, with their masses and where they stand. */
interface Part {
  readonly keys: Numbers;
  readonly masses: Numbers;
  readonly indices: Int32Array;
}

export const blocksOf = (length: number): number => Math.ceil(length / blockLength);

/** Where the last block of a row ends. */
export const endOf = ({ address }: Numbers, length: number): number =>
  address + 4 * blocksOf(length) * blockLength;

/**
 * What choosing a token works in. Nothing stays in it from one token to the next, so that all samplers of a thread share
 * one: it stays in the processor's cache, whatever number of requests takes turns.
 */
export class RowMemory {
  readonly kernel: SamplingKernel;
  readonly weights: Numbers;
  readonly logits: Numbers;
  readonly keys: Numbers;
  /** Masses of keys that are counted. */
  readonly ones: Numbers;
  /** Keys among which a cutoff lies. */
  readonly inside: Part;
  /** Of each block: the sum of the masses that are kept. */
  readonly sums: Float64Array;
  /** Of each block: the sum of all masses, where it was added up. */
  readonly totals: Float64Array;
  /** Of each block: how many keys are equal to a value. */
  readonly counts: Int32Array;
  /** What the kernel has more than one result of. */
  readonly results: Float64Array;
  readonly shares: Float32Array;

  private static shared: RowMemory | undefined;

  /** The memory of this thread, anew where another length is asked for. */
  static of(length: number): RowMemory {
    if (RowMemory.shared?.length !== length) RowMemory.shared = new RowMemory(length);
    return RowMemory.shared;
  }

  /** @param length of the longest row. */
  private constructor(private readonly length: number) {
    const blocks = blocksOf(length);
    const padded = blocks * blockLength;
    const numberBytes = 4 * padded;
    const bytes = 8 * numberBytes + (8 + 8 + 4) * blocks + 256;
    this.kernel = openSamplingKernel(bytes);
    const { buffer } = this.kernel.memory;
    let at = 0;
    const take = (size: number): number => {
      const address = at;
      at += Math.ceil(size / 16) * 16;
      return address;
    };
    const numbers = (): Numbers => {
      const address = take(numberBytes);
      return { address, values: new Float32Array(buffer, address, padded) };
    };
    this.weights = numbers();
    this.logits = numbers();
    this.keys = numbers();
    this.ones = numbers();
    this.ones.values.fill(1);
    this.inside = {
      keys: numbers(),
      masses: numbers(),
      indices: new Int32Array(buffer, take(numberBytes), padded),
    };
    this.sums = new Float64Array(buffer, take(8 * blocks), blocks);
    this.totals = new Float64Array(buffer, take(8 * blocks), blocks);
    this.counts = new Int32Array(buffer, take(4 * blocks), blocks);
    this.results = new Float64Array(buffer, take(24), 3);
    this.shares = new Float32Array(buffer, take(64), 16);
  }
}

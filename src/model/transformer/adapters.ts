import { elementCount, type Shape } from '../graph/shape.js';
import { architectureOf } from './architecture.js';
import type { TransformerConfiguration } from './configuration.js';
import { paddedHeadWidth } from './decode-graph.js';
import { loraNames, loraScale, loraSpecifications } from './lora.js';

/**
 * What one model adds to the matrices of a base model that several share, in the form in which a decoder of the base
 * reads it: float32 factors by the names of `loraNames`, of the shapes of {@link adapterShapes}.
 */
export interface Adapter {
  readonly factors: ReadonlyMap<string, Float32Array>;
}

/** The parts of a head-wise axis that are padded: queries, keys and values of c_attn's columns; c_proj's rows. */
const padsColumns = (name: string): boolean => name.endsWith(loraNames('attn.c_attn').up);
const padsRows = (name: string): boolean => name.endsWith(loraNames('attn.c_proj').down);

/** Channels that are padded together, as in `readDecodeWeights`: a head's, or half of them where those are turned in pairs. */
function headUnits(configuration: TransformerConfiguration): {
  readonly unit: number;
  readonly padded: number;
} {
  const { headWidth, rotary } = architectureOf(configuration);
  const parts = rotary ? 2 : 1;
  return { unit: headWidth / parts, padded: paddedHeadWidth(configuration) / parts };
}

/** Factors [in,R] and [R,out] of a decoder's adapters, with heads as wide as in its cache. @param rank R. */
export function adapterShapes(
  configuration: TransformerConfiguration,
  rank: number,
): { readonly name: string; readonly shape: Shape }[] {
  const { unit, padded } = headUnits(configuration);
  const widened = (size: number): number => (size / unit) * padded;
  return loraSpecifications(configuration, rank).map(({ name, shape: [rows, columns] }) => ({
    name,
    shape: [padsRows(name) ? widened(rows!) : rows!, padsColumns(name) ? widened(columns!) : columns!],
  }));
}

/** Size of an adapter in bytes. */
export function adapterBytes(configuration: TransformerConfiguration, rank: number): number {
  const shapes = adapterShapes(configuration, rank);
  return shapes.reduce((sum, { shape }) => sum + Float32Array.BYTES_PER_ELEMENT * elementCount(shape), 0);
}

/**
 * The adapter of trained factors: with zeros for the ranks and the head channels that they lack, and the scale of their
 * product in the second.
 * @param factors by name, of `loraSpecifications` with a rank of at most `rank`.
 */
export function decodeAdapter(
  configuration: TransformerConfiguration,
  factors: ReadonlyMap<string, Float32Array>,
  ownRank: number,
  rank: number,
): Adapter {
  const { unit, padded: paddedUnit } = headUnits(configuration);
  const widerBy = paddedUnit - unit;
  const own = loraSpecifications(configuration, ownRank);
  const padded = adapterShapes(configuration, rank).map(({ name, shape }, index): [string, Float32Array] => {
    const { shape: from } = own[index]!;
    const values = factors.get(name)!;
    const result = new Float32Array(elementCount(shape));
    const isUp = name.endsWith(loraNames('').up);
    const [rowsPadded, columnsPadded] = [padsRows(name), padsColumns(name)];
    for (let row = 0; row < from[0]!; row++) {
      const toRow = rowsPadded ? row + widerBy * Math.floor(row / unit) : row;
      for (let column = 0; column < from[1]!; column++) {
        const toColumn = columnsPadded ? column + widerBy * Math.floor(column / unit) : column;
        const value = values[row * from[1]! + column]!;
        result[toRow * shape[1]! + toColumn] = isUp ? loraScale * value : value;
      }
    }
    return [name, result];
  });
  return { factors: new Map(padded) };
}

/** The adapters of the texts in a decoder's slots, side by side: of each factor one array [slots,…]. */
export class SlotAdapters {
  private readonly arrays: ReadonlyMap<string, Float32Array>;
  private readonly sizes: ReadonlyMap<string, number>;
  /** What each slot's part holds; undefined for zeros: the base model itself. */
  private readonly held: (Adapter | undefined)[];
  private readonly nothing: Readonly<Record<string, Float32Array>>;

  constructor(configuration: TransformerConfiguration, slots: number, rank: number) {
    const shapes = adapterShapes(configuration, rank);
    this.sizes = new Map(shapes.map(({ name, shape }) => [name, elementCount(shape)]));
    // Written once, so that a lack of memory shows before the first text.
    const zeros = (rows: number): [string, Float32Array][] =>
      [...this.sizes].map(([name, size]) => [name, new Float32Array(rows * size).fill(0)]);
    this.arrays = new Map(zeros(slots));
    this.nothing = Object.fromEntries(zeros(1));
    this.held = Array.from({ length: slots });
  }

  /** The first slots' factors, as inputs of the decode graph. */
  bind(slots: number): Readonly<Record<string, Float32Array>> {
    const rows = ([name, array]: readonly [string, Float32Array]): [string, Float32Array] => [
      name,
      array.subarray(0, slots * this.sizes.get(name)!),
    ];
    return Object.fromEntries([...this.arrays].map(rows));
  }

  /** One adapter's factors, as inputs of a run of one slot. */
  bindOne(adapter: Adapter | undefined): Readonly<Record<string, Float32Array>> {
    return adapter ? Object.fromEntries(adapter.factors) : this.nothing;
  }

  /** Gives a slot another adapter; nothing is copied where it has it already. */
  set(slot: number, adapter: Adapter | undefined): void {
    if (this.held[slot] === adapter) return;
    this.held[slot] = adapter;
    for (const [name, array] of this.arrays) {
      const size = this.sizes.get(name)!;
      if (adapter) array.set(adapter.factors.get(name)!, slot * size);
      else array.fill(0, slot * size, (slot + 1) * size);
    }
  }

  move(from: number, to: number): void {
    this.set(to, this.held[from]);
  }
}

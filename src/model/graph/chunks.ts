import { add, concat, split } from './builder.js';
import type { OpName } from './op-table.js';
import { elementCount, type Shape, type TensorSpecification } from './shape.js';
import type { OpNode, Tensor } from './tensor.js';

/** A range of elements of a graph's input or output, passed as an input or output of its own. */
export interface Chunk {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly specification: TensorSpecification;
}

/** A whole tensor, or its consecutive chunks along the first axis. */
export type Chunked = Tensor | readonly Tensor[];

/** A tensor is too large, and its op cannot be computed chunk by chunk. */
export class LargeTensorError extends Error {
  constructor(
    readonly op: OpName,
    readonly specification: TensorSpecification,
  ) {
    super(`${op} of [${specification.shape.join(',')}] does not work in chunks`);
    this.name = 'LargeTensorError';
  }
}

export const isWhole = (value: Chunked): value is Tensor => !Array.isArray(value);

/** Number of elements in one row, that is, at one index of the first axis. */
export const rowElements = (shape: Shape): number => elementCount(shape.slice(1));

export const total = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);

export const sum = (tensors: readonly Tensor[]): Tensor => tensors.reduce((a, b) => add(a, b));

export const joined = (tensors: readonly Tensor[], axis: number): Tensor =>
  tensors.length === 1 ? tensors[0]! : concat(tensors, axis);

/** Sizes of at most `step` that add up to `rows`. */
export function equalSteps(rows: number, step: number): number[] {
  return Array.from({ length: Math.ceil(rows / step) }, (_, index) => Math.min(step, rows - index * step));
}

/**
 * Number of rows of each chunk of a tensor; undefined if it can stay whole, [0] if not even one row fits.
 * @param maximumElements most elements a tensor may have.
 */
function chunkRows(shape: Shape, maximumElements: number): number[] | undefined {
  if (elementCount(shape) <= maximumElements) return undefined;
  const step = shape.length === 0 ? 0 : Math.floor(maximumElements / rowElements(shape));
  return step === 0 ? [0] : equalSteps(shape[0]!, step);
}

/**
 * The chunks of a tensor under a size limit; undefined if it can stay whole.
 * @param maximumElements most elements a tensor may have.
 * @throws LargeTensorError if a single row is larger.
 */
export function chunksOf(
  name: string,
  { shape, dtype }: TensorSpecification,
  maximumElements: number,
): readonly Chunk[] | undefined {
  const rows = chunkRows(shape, maximumElements);
  if (rows?.[0] === 0) throw new LargeTensorError('input', { shape, dtype });
  let start = 0;
  return rows?.map((count) => {
    const end = start + count * rowElements(shape);
    const chunk = { name: `${name}[${start}:${end}]`, start, end };
    start = end;
    return { ...chunk, specification: { shape: shape.with(0, count), dtype } };
  });
}

/** Splits and joins tensors so that none has more elements than a limit. */
export class Chunker {
  constructor(private readonly maximumElements: number) {}

  /** Number of rows of each of a tensor's chunks. @throws LargeTensorError if a single row is too large. */
  rows(node: OpNode, shape: Shape): readonly number[] {
    const rows = chunkRows(shape, this.maximumElements) ?? [shape[0] ?? 1];
    if (rows[0] === 0) throw new LargeTensorError(node.op, { shape, dtype: 'float32' });
    return rows;
  }

  /** Number of rows of each chunk, so that chunks of all these tensors (with equally many rows) fit. */
  commonRows(node: OpNode, shapes: readonly Shape[]): readonly number[] {
    const steps = shapes.map((shape) => this.rows(node, shape)[0]!);
    return equalSteps(shapes[0]![0]!, Math.min(...steps));
  }

  isLarge({ shape }: TensorSpecification): boolean {
    return elementCount(shape) > this.maximumElements;
  }

  /** @throws LargeTensorError if the value is in chunks. */
  whole(node: OpNode, value: Chunked): Tensor {
    if (isWhole(value)) return value;
    const [first] = value;
    const shape = first!.shape.with(0, total(value.map((chunk) => chunk.shape[0]!)));
    throw new LargeTensorError(node.op, { shape, dtype: first!.dtype });
  }

  /** Splits a value into chunks with the given numbers of rows, however it is chunked now. */
  cut(value: Chunked, rows: readonly number[]): readonly Tensor[] {
    const sources = isWhole(value) ? [value] : value;
    const slicesOfChunk: Tensor[][] = rows.map(() => []);
    let [target, room] = [0, rows[0]!];
    for (const chunk of sources) {
      const sizes: number[] = [];
      const targets: number[] = [];
      for (let left = chunk.shape[0]!; left > 0; ) {
        const size = Math.min(left, room);
        sizes.push(size);
        targets.push(target);
        left -= size;
        room -= size;
        if (room === 0) room = rows[++target] ?? 0;
      }
      const cut = sizes.length === 1 ? [chunk] : split(chunk, 0, sizes);
      for (const [index, slice] of cut.entries()) slicesOfChunk[targets[index]!]!.push(slice);
    }
    return slicesOfChunk.map((slices) => joined(slices, 0));
  }

  /** Joins consecutive slices of a tensor into the tensor, or into its chunks where it is too large. */
  value(node: OpNode, slices: readonly Tensor[]): Chunked {
    const shape = slices[0]!.shape.with(0, total(slices.map((slice) => slice.shape[0]!)));
    const rows = this.rows(node, shape);
    return rows.length === 1 ? joined(slices, 0) : this.cut(slices, rows);
  }
}

import type { OpAttributes, OpName } from './op-table.js';

/** Element types of graph tensors. Token ids, positions and lengths are int32; everything differentiable is float32. */
export type DType = 'float32' | 'int32';

/** Sizes of the axes, outermost first; row-major. A scalar is `[]`. */
export type Shape = readonly number[];

/** What a shape rule says of one output. */
export interface TensorSpecification {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** One application of an op. Immutable; two equal nodes are still two nodes. */
export interface OpNode<Op extends OpName = OpName> {
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  readonly attributes: OpAttributes[Op];
  readonly outputs: readonly Tensor[];
}

/** A symbolic value: output `index` of `node`. Holds no numbers. */
export interface Tensor extends TensorSpecification {
  readonly node: OpNode;
  readonly index: number;
}

/** Number of elements; 1 for a scalar. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** `[2,3]` for messages. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

/**
 * Element types of graph tensors. Token ids, positions and lengths are int32; everything differentiable is float32;
 * int8 holds quantized weights.
 */
export type DType = 'float32' | 'int32' | 'int8';

/** Sizes of the axes, outermost first; row-major. A scalar is `[]`. */
export type Shape = readonly number[];

/** Shape and element type of one tensor. */
export interface TensorSpecification {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Number of elements; 1 for a scalar. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** `[2,3]` for messages. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

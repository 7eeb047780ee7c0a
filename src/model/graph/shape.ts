/**
 * Element types that can be differentiated: float16 for matrix products on devices that have it, float32 for the
 * rest.
 */
export const floatTypes = ['float32', 'float16'] as const;
export type FloatType = (typeof floatTypes)[number];

/** Element types of graph tensors. Token ids, positions and lengths are int32; int8 holds quantized weights. */
export type DType = FloatType | 'int32' | 'int8';

export function isFloat(dtype: DType): dtype is FloatType {
  return (floatTypes as readonly DType[]).includes(dtype);
}

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

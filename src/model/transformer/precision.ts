/**
 * How generation computes: exactly as trained; with the blocks' matrices, and keys and values, in float16 on a device that
 * has it; or with matrices and what they multiply rounded to 8 bits.
 */
export const precisions = ['float32', 'float16', 'int8'] as const;
export type Precision = (typeof precisions)[number];

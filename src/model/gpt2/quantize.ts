/** A matrix [C,M] in 8 bits: element · scale of its column. */
export interface QuantizedMatrix {
  /** [C,M] */
  readonly values: Int8Array;
  /** [M] */
  readonly scales: Float32Array;
}

/** Columns or rows worked on at a time: what they touch stays in the processor's cache. */
const blockSize = 64;

/**
 * Rounds a matrix to 8 bits, symmetrically, each output channel by a scale of its own (Wu et al., "Integer
 * Quantization for Deep Learning Inference", 2020, sections 3.1 and 3.2).
 * @param matrix [C,M], or [M,C] where `transposed`; the result is [C,M].
 */
export function quantizeMatrix(
  matrix: Float32Array,
  rows: number,
  columns: number,
  { transposed = false } = {},
): QuantizedMatrix {
  const [rowStep, columnStep] = transposed ? [1, rows] : [columns, 1];
  const values = new Int8Array(rows * columns);
  const scales = new Float32Array(columns);
  for (let from = 0; from < columns; from += blockSize) {
    const to = Math.min(from + blockSize, columns);
    for (let row = 0; row < rows; row++) {
      for (let column = from; column < to; column++) {
        const magnitude = Math.abs(matrix[row * rowStep + column * columnStep]!);
        if (magnitude > scales[column]!) scales[column] = magnitude;
      }
    }
    for (let column = from; column < to; column++) scales[column] = (scales[column]! || 1) / 127;
    for (let row = 0; row < rows; row++) {
      for (let column = from; column < to; column++) {
        const value = matrix[row * rowStep + column * columnStep]! / scales[column]!;
        values[row * columns + column] = Math.round(value);
      }
    }
  }
  return { values, scales };
}

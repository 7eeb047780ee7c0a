/** A matrix [C,M] in 8 bits: element · scale of its column. */
export interface QuantizedMatrix {
  /** [C,M] */
  readonly values: Int8Array;
  /** [M] */
  readonly scales: Float32Array;
}

/** Rows of a transposed matrix that are read side by side, so that what they become is written in runs. */
const blockSize = 64;

/**
 * Rounds a matrix to 8 bits, symmetrically, each output channel by a scale of its own (Wu et al., "Integer
 * Quantization for Deep Learning Inference", 2020, sections 3.1 and 3.2).
 * @param matrix [C,M], rows C and columns M; [M,C] where `transposed`. The result is [C,M].
 */
export function quantizeMatrix(
  matrix: Float32Array,
  rows: number,
  columns: number,
  { transposed = false } = {},
): QuantizedMatrix {
  const largest = transposed ? largestOfRows(matrix, columns, rows) : largestOfColumns(matrix, rows, columns);
  const scales = largest.map((magnitude) => (magnitude || 1) / 127);
  const factors = Float64Array.from(scales, (scale) => 1 / scale);
  const values = new Int8Array(rows * columns);
  if (!transposed) {
    for (let row = 0, index = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, index++) {
        values[index] = Math.round(matrix[index]! * factors[column]!);
      }
    }
    return { values, scales };
  }
  for (let from = 0; from < columns; from += blockSize) {
    const to = Math.min(from + blockSize, columns);
    for (let row = 0; row < rows; row++) {
      for (let column = from; column < to; column++) {
        values[row * columns + column] = Math.round(matrix[column * rows + row]! * factors[column]!);
      }
    }
  }
  return { values, scales };
}

/** The largest magnitude in each row of [R,K]. */
function largestOfRows(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const largest = new Float32Array(rows);
  for (let row = 0, index = 0; row < rows; row++) {
    let most = 0;
    for (const end = index + columns; index < end; index++) {
      const magnitude = Math.abs(matrix[index]!);
      if (magnitude > most) most = magnitude;
    }
    largest[row] = most;
  }
  return largest;
}

/** The largest magnitude in each column of [R,K]. */
function largestOfColumns(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const largest = new Float32Array(columns);
  for (let row = 0, index = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) {
      const magnitude = Math.abs(matrix[index]!);
      if (magnitude > largest[column]!) largest[column] = magnitude;
    }
  }
  return largest;
}

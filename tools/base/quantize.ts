/** A matrix in 8 bits: value = quantized · scale of its row. */
interface Quantized {
  readonly values: Int8Array;
  /** One a row. */
  readonly scales: Float32Array;
}

/** Largest absolute quantized value; symmetric, so that zero stays zero. */
const largest = 127;

/**
 * Rounds each row of a matrix to 8 bits by its largest absolute value (symmetric quantization, one scale a row).
 * @param matrix float32, row-major. @param rows number of its rows.
 */
export function quantizeRows(matrix: Float32Array, rows: number): Quantized {
  const columns = matrix.length / rows;
  const values = new Int8Array(matrix.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    const numbers = matrix.subarray(from, from + columns);
    const scale = Math.fround(numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / largest);
    scales[row] = scale;
    if (scale === 0) continue;
    for (const [column, value] of numbers.entries()) {
      values[from + column] = Math.max(-largest, Math.min(largest, Math.round(value / scale)));
    }
  }
  return { values, scales };
}

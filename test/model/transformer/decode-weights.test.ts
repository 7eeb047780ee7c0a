import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { quantizeMatrix } from '../../../src/model/transformer/decode-weights.js';

const [rows, columns] = [37, 130];
const random = createRandom(4, 'matrix');
const matrix = Float32Array.from({ length: rows * columns }, (_, index) =>
  index % columns === 5 ? 0 : random.normal() * (1 + (index % columns)),
);

describe('a matrix in 8 bits', () => {
  const { values, scales } = quantizeMatrix(matrix, rows, columns);

  test('is off by half a step of its column at most, the largest being 127 steps', () => {
    for (let column = 0; column < columns; column++) {
      const own = Array.from({ length: rows }, (_, row) => matrix[row * columns + column]!);
      const largest = Math.max(...own.map(Math.abs));
      expect(scales[column]).toBe(Math.fround((largest || 1) / 127));
      for (const [row, value] of own.entries()) {
        const restored = values[row * columns + column]! * scales[column]!;
        expect(Math.abs(restored - value)).toBeLessThanOrEqual(0.5001 * scales[column]!);
      }
    }
    expect(Math.max(...values)).toBe(127);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-127);
  });

  test('is the same from the transposed matrix', () => {
    const transposed = Float32Array.from(
      { length: rows * columns },
      (_, index) => matrix[(index % rows) * columns + Math.floor(index / rows)]!,
    );
    expect(quantizeMatrix(transposed, rows, columns, { transposed: true })).toEqual({ values, scales });
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantizeRows } from '../../../tools/base/quantize.js';

const number = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 });

test('no value moves by more than half a step of its row, and zero stays zero', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(number, { minLength: 1, maxLength: 20 }),
      (rows, row) => {
        const matrix = Float32Array.from(
          Array.from({ length: rows }, (_, at) => row.map((x) => x / (at + 1))).flat(),
        );
        const { values, scales } = quantizeRows(matrix, rows);
        for (const [index, value] of matrix.entries()) {
          const scale = scales[Math.floor(index / row.length)]!;
          expect(Math.abs(values[index]! * scale - value)).toBeLessThanOrEqual(scale * 0.5001 + 1e-30);
          if (value === 0) expect(values[index]).toBe(0);
        }
      },
    ),
  );
});

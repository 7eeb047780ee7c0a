import { input, quantizedMatmul } from '../../graph/builder.js';
import type { Tensor } from '../../graph/tensor.js';
import type { NumericArray, Program } from '../engine.js';

/**
 * Whether the runtime's 8-bit products are wrong on this processor for the largest values: its AVX2 code without VNNI
 * adds two products in 16 bits, where they saturate.
 * @param compile makes a program of a graph and its constants.
 */
export async function productsSaturate(
  compile: (
    outputs: Record<string, Tensor>,
    constants: ReadonlyMap<string, NumericArray>,
  ) => Promise<Program>,
): Promise<boolean> {
  const [inner, columns] = [64, 16];
  const product = quantizedMatmul(
    input('x', [1, inner]),
    input('w', [inner, columns], 'int8'),
    input('scales', [columns]),
  );
  const constants = new Map<string, NumericArray>([
    ['w', new Int8Array(inner * columns).fill(127)],
    ['scales', new Float32Array(columns).fill(1)],
  ]);
  const program = await compile({ product }, constants);
  const result = new Float32Array(columns);
  try {
    await program.run({ x: new Float32Array(inner).fill(1) }, { product: result });
  } finally {
    await program.dispose();
  }
  const exact = inner * 127;
  return result.some((value) => Math.abs(value / exact - 1) > 1e-3);
}

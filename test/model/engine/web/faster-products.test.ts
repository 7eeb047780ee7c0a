import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wasmModule } from '../../../../src/common/wasm-code.js';
import { packageRoot } from '../../../../src/io/package-root.js';
import { canFuse, withFasterProducts } from '../../../../src/model/engine/onnxruntime-web/faster-products.js';
import { runtimeFiles } from '../../../../src/model/engine/onnxruntime-web/runtime.js';
import { sgemmKernel } from '../../../../src/model/engine/onnxruntime-web/sgemm-kernel.js';

declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
  validate(bytes: Uint8Array): boolean;
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  kernel(
    a: number,
    b: number,
    c: number,
    depth: number,
    rows: number,
    columns: number,
    aDistance: number,
    cDistance: number,
    alpha: number,
  ): number;
}

interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

const panelColumns = 16;
const alpha = 0.75;
const untouched = -99;

/** Runs a kernel on numbers that float32 holds exactly, sums included, and compares all of C with plain loops. */
function differences(exports: Exports, isAdding: boolean, { rows, columns, depth }: Product): string[] {
  const [aDistance, cDistance] = [depth + 3, columns + 5];
  const memory = new Float32Array(exports.memory.buffer).fill(untouched);
  const [aStart, bStart, cStart] = [0, 4096, 12288];
  const a = (row: number, k: number): number => ((row * 7 + k * 3) % 11) - 5;
  const b = (k: number, column: number): number => ((k * 5 + column * 2) % 13) - 6;
  const panels = Math.ceil(columns / panelColumns);
  for (let row = 0; row < rows; row++)
    for (let k = 0; k < depth; k++) memory[aStart + row * aDistance + k] = a(row, k);
  for (let column = 0; column < panels * panelColumns; column++)
    for (let k = 0; k < depth; k++)
      memory[
        bStart + (Math.floor(column / panelColumns) * depth + k) * panelColumns + (column % panelColumns)
      ] = column < columns ? b(k, column) : 0;
  const handled = exports.kernel(
    ...([4 * aStart, 4 * bStart, 4 * cStart, depth, rows, columns, aDistance, cDistance, alpha] as const),
  );
  const wrong = handled === Math.min(rows, 2) ? [] : [`${handled} rows`];
  for (let row = 0; row < rows + 1; row++)
    for (let column = 0; column < cDistance; column++) {
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += a(row, k) * b(k, column);
      const isIn = row < handled && column < columns;
      const expected = isIn ? alpha * sum + (isAdding ? untouched : 0) : untouched;
      if (memory[cStart + row * cDistance + column] !== expected) wrong.push(`row ${row} column ${column}`);
    }
  return wrong;
}

const products = [1, 2, 3].flatMap((rows) =>
  [1, 2, 3, 4, 7, 8, 11, 15, 16, 17, 30, 32, 49].flatMap((columns) =>
    [1, 2, 5, 64].map((depth): Product => ({ rows, columns, depth })),
  ),
);

describe.each([false, true])('the kernel of matrix products, fused: %s', (isFused) => {
  it.skipIf(isFused && !canFuse())('is that of plain loops, and touches nothing else', () => {
    for (const isAdding of [false, true]) {
      const module = new WebAssembly.Module(wasmModule({ kernel: sgemmKernel({ isAdding, isFused }) }, 2));
      const exports = new WebAssembly.Instance(module).exports as Exports;
      for (const product of products)
        expect(differences(exports, isAdding, product), JSON.stringify({ isAdding, ...product })).toEqual([]);
    }
  });
});

describe('ONNX Runtime with our kernel', () => {
  const files = Object.values(runtimeFiles).map(([, name]) => name);
  const read = (name: string): Uint8Array =>
    new Uint8Array(readFileSync(join(packageRoot, 'node_modules/onnxruntime-web/dist', name)));

  it.each(files)('%s has both functions of the version that is pinned', (name) => {
    const binary = read(name);
    const own = withFasterProducts(binary, false);
    expect(own.products).toBe('own');
    expect(own.binary.length).toBeLessThan(binary.length);
    expect(withFasterProducts(binary, true).products).toBe('own, fused');
    // What is ours is no function that is known.
    const again = withFasterProducts(own.binary, false);
    expect([again.binary === own.binary, again.products]).toEqual([true, 'as shipped']);
  });

  it('is a module that WebAssembly takes', () => {
    expect(WebAssembly.validate(withFasterProducts(read(files[0]!), false).binary)).toBe(true);
  });

  it.each([
    ['nothing', []],
    ['no module', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ['a module that ends in the middle', read(files[0]!).subarray(0, 2_000_000)],
  ])('leaves %s as it is', (_name, bytes) => {
    const binary = Uint8Array.from(bytes);
    const { binary: left, products } = withFasterProducts(binary, false);
    expect(left === binary).toBe(true);
    expect(products).toBe('as shipped');
  });
});

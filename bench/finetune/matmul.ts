import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { input, matmul } from '../../src/model/graph/builder.js';
import { readOptions } from './finetune-options.js';

/** GFLOP/s of the best of several large float32 products in ONNX Runtime; prints one JSON line. */
const { threads } = readOptions();
const engine = createOnnxRuntimeEngine({ threads });
const sizes: readonly (readonly [number, number, number])[] = [
  [1024, 768, 3072],
  [2048, 2048, 2048],
  [1024, 3072, 768],
  [1024, 768, 50_257],
];
let best = 0;
for (const [rows, inner, columns] of sizes) {
  const program = await engine.compile({
    product: matmul(input('a', [rows, inner]), input('b', [inner, columns])),
  });
  const feeds = { a: new Float32Array(rows * inner).fill(1), b: new Float32Array(inner * columns).fill(1) };
  const product = new Float32Array(rows * columns);
  const seconds: number[] = [];
  for (let round = 0; round < 8; round++) {
    const started = performance.now();
    await program.run(feeds, { product });
    seconds.push((performance.now() - started) / 1000);
  }
  await program.dispose();
  const median = seconds.slice(1).toSorted((a, b) => a - b)[3]!;
  best = Math.max(best, (2 * rows * inner * columns) / median / 1e9);
}
process.stdout.write(`${JSON.stringify({ name: 'ONNX Runtime matmul', gigaflops: best })}\n`);

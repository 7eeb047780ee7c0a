import { add, gelu, input, matmul } from '../graph/builder.js';
import { parseDevice } from './device-choice.js';
import { float16Shortage } from './float16.js';
import { findAdapter } from './onnxruntime/graphics-card.js';
import { openEngine } from './open-engine.js';

/**
 * Tries one device on a small graph, in a process of its own, as a driver may crash its process. Prints one line of
 * JSON: `TrialOutput`.
 */
async function main(name: string): Promise<void> {
  const choice = parseDevice(name);
  if (!choice) throw new Error(`${name} is no device`);
  const { device, engine: kind } = choice;
  const engine = await openEngine(choice);
  const [rows, width] = [4, 8];
  const product = matmul(input('x', [rows, width]), input('w', [width, width]));
  const program = await engine.compile({ y: gelu(add(product, input('bias', [width]))) });
  const y = new Float32Array(rows * width);
  const ones = (size: number): Float32Array => new Float32Array(size).fill(1);
  await program.run({ x: ones(rows * width), w: ones(width * width), bias: ones(width) }, { y });
  await program.dispose();
  // gelu(9) is 9 in float32.
  const wrong = y.find((value) => Math.abs(value - (width + 1)) > 1e-3);
  if (wrong !== undefined) throw new Error(`it computes wrongly: ${wrong} instead of ${width + 1}`);
  const adapter = kind === 'onnxruntime' && device !== 'cpu' ? findAdapter(device) : undefined;
  const limit = engine.memory?.largestBuffer;
  const largestBuffer = Number.isFinite(limit) ? limit : undefined;
  const report = { works: true, adapter, largestBuffer, float16Shortage: await float16Shortage(engine) };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  const { message, hint } = error as { message?: string; hint?: string };
  process.stdout.write(`${JSON.stringify({ works: false, reason: message ?? String(error), hint })}\n`);
});

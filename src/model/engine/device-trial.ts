import { checkDevice } from './device-check.js';
import { parseDevice } from './device-choice.js';
import { float16Shortage } from './float16.js';
import { createOnnxRuntimeEngine } from './onnxruntime/cpu-engine.js';
import { findAdapter } from './onnxruntime/graphics-card.js';
import { openEngine } from './open-engine.js';

/**
 * Tries one device in a process of its own, as a driver may crash its process. Prints one line of JSON: `TrialOutput`.
 */
async function main(name: string): Promise<void> {
  const choice = parseDevice(name);
  if (!choice) throw new Error(`${name} is no device`);
  const { device, engine: kind } = choice;
  const engine = await openEngine(choice);
  const { repeats } = await checkDevice(engine, createOnnxRuntimeEngine());
  const adapter = kind === 'onnxruntime' && device !== 'cpu' ? findAdapter(device) : undefined;
  const limit = engine.memory?.largestBuffer;
  const largestBuffer = Number.isFinite(limit) ? limit : undefined;
  const { computeCapability } = engine;
  const shortage = await float16Shortage(engine);
  const found = { adapter, largestBuffer, computeCapability, float16Shortage: shortage, repeats };
  const report = { works: true, ...found };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  const { message, hint } = error as { message?: string; hint?: string };
  process.stdout.write(`${JSON.stringify({ works: false, reason: message ?? String(error), hint })}\n`);
});

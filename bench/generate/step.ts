import type { Engine, NumericArray } from '../../src/model/engine/engine.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { input, matmul, sumOfSquares } from '../../src/model/graph/builder.js';
import { elementCount } from '../../src/model/graph/shape.js';
import type { Tensor } from '../../src/model/graph/tensor.js';
import { openDecodeSession } from '../../src/model/transformer/decode-session.js';
import { parameterSpecifications } from '../../src/model/transformer/parameters.js';
import { randomWeights } from '../shared/random-model.js';
import { readOptions } from './generate-options.js';

/**
 * Time of a decode step with all slots at work, beside its two floors: the weights' bytes over the machine's memory
 * bandwidth, and the multiply-adds over its rate of large matrix products. Prints one JSON line; times are medians in
 * milliseconds, and processor times where the machine is shared.
 */
const { configuration, slots, capacity, threads, precision, profile } = readOptions();
const engine = createOnnxRuntimeEngine({ threads });
const repeats = 15;
const heldTokens = 16;

interface Timing {
  readonly wallMs: number;
  readonly cpuMs: number;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function time(work: () => Promise<unknown>): Promise<Timing> {
  const [wall, cpu]: [number[], number[]] = [[], []];
  for (let repeat = 0; repeat < repeats + 2; repeat++) {
    const [started, usage] = [performance.now(), process.cpuUsage()];
    await work();
    const { user, system } = process.cpuUsage(usage);
    if (repeat < 2) continue;
    wall.push(performance.now() - started);
    cpu.push((user + system) / 1000);
  }
  return { wallMs: median(wall), cpuMs: median(cpu) };
}

async function timeGraph(
  host: Engine,
  output: Tensor,
  feeds: Record<string, NumericArray>,
  constants = new Map<string, NumericArray>(),
): Promise<Timing> {
  const program = await host.compile({ output }, { constants });
  const result = new Float32Array(elementCount(output.shape));
  const timing = await time(() => program.run(feeds, { output: result }));
  await program.dispose();
  return timing;
}

const [rows, inner, columns] = [1024, 768, 3072];
const product = await timeGraph(
  engine,
  matmul(input('a', [rows, inner]), input('b', [inner, columns])),
  { a: new Float32Array(rows * inner).fill(0.5) },
  new Map([['b', new Float32Array(inner * columns).fill(0.5)]]),
);
const large = 1 << 26;
const reading = await timeGraph(engine, sumOfSquares(input('x', [large])), {
  x: new Float32Array(large).fill(0.5),
});

const profiled = createOnnxRuntimeEngine({ threads, profile });
const session = await openDecodeSession(profiled, configuration, randomWeights(configuration), {
  slots,
  capacity,
  precision,
});
const stepAt = (held: number): Promise<unknown> =>
  session.step({
    tokens: new Int32Array(slots).map((_, slot) => (37 * slot) % configuration.vocabularySize),
    lengths: new Int32Array(slots).fill(held),
    temperatures: new Float32Array(slots).fill(0.7),
  });
// Memory never written is read faster than keys and values would be.
for (let held = 0; held < heldTokens; held++) await stepAt(held);
const step = await time(() => stepAt(heldTokens));
await session.dispose();

// Position embeddings are looked up; everything else takes part in products (the token embedding as the output layer).
const parameters = parameterSpecifications(configuration)
  .filter(({ name }) => name !== 'wpe.weight')
  .reduce((sum, { shape }) => sum + elementCount(shape), 0);
const gigaflops = (2 * rows * inner * columns) / product.wallMs / 1e6;
const gigabytesASecond = (4 * large) / reading.wallMs / 1e6;
const report = {
  name: `${precision}, ${slots} slots`,
  stepMs: step.wallMs,
  stepCpuMs: step.cpuMs,
  matmulGigaflops: gigaflops,
  gigabytesASecond,
  multiplyFloorMs: (2 * parameters * slots) / gigaflops / 1e6,
  weightFloorMs: ((precision === 'int8' ? 1 : 4) * parameters) / gigabytesASecond / 1e6,
  multiplyFloorCpuMs: ((2 * parameters * slots) / (2 * rows * inner * columns)) * product.cpuMs,
  tokensPerSecond: (1000 * slots) / step.wallMs,
};
process.stdout.write(`${JSON.stringify(report)}\n`);

import { parseDevice } from '../../src/model/engine/device-choice.js';
import type { DeviceTensor, Value } from '../../src/model/engine/engine.js';
import { narrow } from '../../src/model/engine/float-formats.js';
import { openEngine } from '../../src/model/engine/open-engine.js';
import { input, matmul, multiply } from '../../src/model/graph/builder.js';
import { elementCount, type FloatType } from '../../src/model/graph/shape.js';
import type { Tensor } from '../../src/model/graph/tensor.js';
import { timeGeneration } from './generation-load.js';
import { readLoad } from './gpu-options.js';
import type { GenerationRate, Measured } from './measured.js';
import { timeTraining } from './training-load.js';

/**
 * One load on one device: matrix products, copies, training steps (forward, backward, AdamW) and texts of 24 tokens,
 * random weights. Prints one JSON line. Alone in its process, so that a device that fails takes nothing else down.
 */
const load = readLoad();
const { device, precision, rows, rowLength, slots, matrix } = load;
const choice = parseDevice(device ?? '');
if (!choice) throw new Error('needs --device');
const engine = await openEngine(choice);
const isDevice = (value: Value): value is DeviceTensor => 'view' in value;

/** Seconds in which an output is computed from inputs of its shape and type, in the best of four rounds. */
async function secondsOf(
  shape: readonly number[],
  names: readonly string[],
  outputs: { readonly y: Tensor },
  dtype: FloatType = 'float32',
): Promise<number> {
  const program = await engine.compile(outputs, { allowTf32: precision === 'tf32' });
  const specification = { shape, dtype };
  const exact = new Float32Array(elementCount(shape)).fill(0.01);
  const array = dtype === 'float16' ? narrow(exact) : exact;
  const tensor = (): Value => engine.memory?.allocate(specification) ?? array.slice();
  const feeds = Object.fromEntries(names.map((name) => [name, tensor()]));
  const y = tensor();
  for (const value of Object.values(feeds)) if (isDevice(value)) await engine.memory!.write([[array, value]]);
  const settle = async (): Promise<void> => {
    if (isDevice(y)) await engine.memory!.read([[y.view([1]), array.slice(0, 1)]]);
  };
  const repeats = 8;
  const seconds: number[] = [];
  for (let round = 0; round < 4; round++) {
    const started = performance.now();
    for (let repeat = 0; repeat < repeats; repeat++) await program.run(feeds, { y });
    await settle();
    seconds.push((performance.now() - started) / 1000 / repeats);
  }
  await program.dispose();
  for (const value of [...Object.values(feeds), y]) if (isDevice(value)) value.dispose();
  return Math.min(...seconds);
}

async function matmulGigaflops(): Promise<number> {
  const shape = [matrix, matrix];
  const dtype = precision === 'float16' ? 'float16' : 'float32';
  const [x, w] = ['x', 'w'].map((name) => input(name, shape, dtype)) as [Tensor, Tensor];
  const seconds = await secondsOf(shape, ['x', 'w'], { y: matmul(x, w) }, dtype);
  return (2 * matrix ** 3) / seconds / 1e9;
}

/** Bytes read and written a nanosecond while as many numbers as four matrices have are doubled. */
async function copyGigabytesPerSecond(): Promise<number> {
  const shape = [4 * matrix, matrix];
  const seconds = await secondsOf(shape, ['x'], { y: multiply(input('x', shape), 2) });
  return (2 * 4 * shape[0]! * matrix) / seconds / 1e9;
}

const product = await matmulGigaflops();
const copyGigabytes = await copyGigabytesPerSecond();
const { seconds, parts, losses, parameters } = await timeTraining(engine, load);
const gigaflops = (6 * parameters * rows * rowLength) / seconds / 1e9;
const generation: GenerationRate[] = [];
// TF32 is a precision of training alone.
for (const count of precision === 'tf32' ? [] : slots)
  generation.push(...(await timeGeneration(engine, { ...load, slots: count, copyGigabytes })));
const report: Measured & { readonly losses: readonly number[] } = {
  name: `titlesmith, ${device}, ${precision}`,
  tokensPerSecond: (rows * rowLength) / seconds,
  gigaflops,
  matmulGigaflops: product,
  shareOfMatmul: gigaflops / product,
  copyGigabytes,
  parts,
  generation,
  losses,
};
process.stdout.write(`${JSON.stringify(report)}\n`);

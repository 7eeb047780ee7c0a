import { createRandom } from '../../src/common/random.js';
import type { NumericArray } from '../../src/model/engine/engine.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { gradientName, trainingGraph } from '../../src/model/training/loss-graph.js';
import { createTrainableModel, parameterFeeds } from '../../src/model/training/trainable-model.js';
import { HostTrainingState } from '../../src/model/training/training-state.js';
import { readOptions } from './finetune-options.js';
import { readBatches, readDescription } from './recorded-batches.js';

/**
 * Training steps on random weights, and random tokens or recorded batches: forward, backward and AdamW. Prints one JSON line: seconds of each step
 * after the first two, tokens/s of their median, and peak memory. Alone in its process, so that the peak is its own.
 */
const { configuration, rows, rowLength, steps, threads, loraRank, recompute, profile, batches } =
  readOptions();
const warmUp = 2;
const tokens = rows * rowLength;

const engine = createOnnxRuntimeEngine({ threads });
const profiled = createOnnxRuntimeEngine({ threads, profile });
const model = createTrainableModel(configuration, { loraRank, onlyTrainTransformerLayers: false });
for (const store of [model.trained.parameters, model.frozen]) {
  const random = createRandom(1, 'weights', store.flat.length);
  // Values from a small table: a random number for each of a billion weights would take longer than the bench.
  const table = Float32Array.from({ length: 4093 }, () => 0.02 * random.normal());
  for (let element = 0; element < store.flat.length; element++)
    store.flat[element] = table[element % table.length]!;
  for (const { name, initial } of store.specifications) {
    if ('value' in initial && !name.includes('.lora_')) store.views.get(name)!.fill(initial.value);
  }
}
const program = await profiled.compile(
  trainingGraph(
    configuration,
    { rows, rowLength },
    { trainable: model.trained.parameters.specifications, recompute },
  ),
);
const state = await HostTrainingState.open(engine, model);

const random = createRandom(2, 'tokens');
const recorded = batches === undefined ? undefined : readBatches(batches);
const titles = batches === undefined ? undefined : readDescription(batches).titles;
const ids = (): Int32Array =>
  Int32Array.from({ length: tokens }, () => random.integer(configuration.vocabularySize));
const attentionMask = Float32Array.from({ length: tokens * rowLength }, (_, element) =>
  element % rowLength <= Math.floor(element / rowLength) % rowLength ? 0 : -1e9,
);
const loss = new Float32Array(1);
const results: Record<string, NumericArray> = { loss };
for (const [name, view] of model.trained.gradients.views) results[gradientName(name)] = view;

const seconds: number[] = [];
const updateSeconds: number[] = [];
const losses: number[] = [];
for (let step = 1; step <= warmUp + steps; step++) {
  const batch = recorded?.[step - 1] ?? {
    inputIds: ids(),
    targetIds: ids(),
    positionIds: Int32Array.from({ length: tokens }, (_, position) => position % rowLength),
    targetWeights: new Float32Array(tokens).fill(1 / tokens),
    attentionMask,
  };
  const started = performance.now();
  await program.run({ ...batch, ...parameterFeeds(model) }, results);
  const updateStarted = performance.now();
  await state.update({ step, learningRate: 1e-4, weightDecay: 0.1, clipNorm: 1 });
  const ended = performance.now();
  losses.push(loss[0]!);
  if (step <= warmUp) continue;
  seconds.push((ended - started) / 1000);
  updateSeconds.push((ended - updateStarted) / 1000);
}

await program.dispose();
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const parameters = model.trained.parameters.flat.length + model.frozen.flat.length;
const report = {
  name: 'titlesmith',
  parameters,
  secondsAStep: median(seconds),
  optimizerSeconds: median(updateSeconds),
  tokensPerSecond: tokens / median(seconds),
  ...(titles ? { titlesPerSecond: median(titles) / median(seconds) } : {}),
  gigaflops: (6 * parameters * tokens) / median(seconds) / 1e9,
  peakGigabytes: process.resourceUsage().maxRSS / 1e6,
  losses,
};
process.stdout.write(`${JSON.stringify(report)}\n`);

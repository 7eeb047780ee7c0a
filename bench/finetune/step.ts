import { createRandom } from '../../src/common/random.js';
import type { NumericArray } from '../../src/model/engine/engine.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { gradientName, trainingGraph } from '../../src/model/training/loss-graph.js';
import {
  createTrainableModel,
  initializeModel,
  parameterFeeds,
} from '../../src/model/training/trainable-model.js';
import { HostTrainingState } from '../../src/model/training/training-state.js';
import { quantizableMatrices, quantizedValues } from '../../src/model/transformer/frozen-matrices.js';
import { openSafetensorsModel } from '../../src/model/weights/safetensors.js';
import { readOptions, warmUpSteps } from './finetune-options.js';
import { readBatches, readDescription, stepFeeds } from './recorded-batches.js';
import { adapterSeed, randomBatches } from './training-start.js';

/**
 * Training steps on random weights, and random tokens or recorded batches: forward, backward and AdamW. Prints one JSON line: seconds of each step
 * after the first two, tokens/s of their median, and peak memory. Alone in its process, so that the peak is its own.
 */
const options = readOptions();
const { configuration, rows, rowLength, steps, threads, loraRank, recompute } = options;
const { frozenPrecision, profile, batches, start } = options;
const tokens = rows * rowLength;

const engine = createOnnxRuntimeEngine({ threads });
const profiled = createOnnxRuntimeEngine({ threads, profile });
const model = createTrainableModel(configuration, { loraRank, onlyTrainTransformerLayers: false });
if (start !== undefined) {
  const weights = await openSafetensorsModel(start, configuration);
  await initializeModel(model, adapterSeed, weights);
  await weights.close();
}
for (const store of start === undefined ? [model.trained.parameters, model.frozen] : []) {
  const random = createRandom(1, 'weights', store.flat.length);
  // Values from a small table: a random number for each of a billion weights would take longer than the bench.
  const table = Float32Array.from({ length: 4093 }, () => 0.02 * random.normal());
  for (let element = 0; element < store.flat.length; element++)
    store.flat[element] = table[element % table.length]!;
  for (const { name, initial } of store.specifications) {
    if ('value' in initial && !name.includes('.lora_')) store.views.get(name)!.fill(initial.value);
  }
}
const trainable = model.trained.parameters.specifications;
const quantized = frozenPrecision === 'int8' ? quantizableMatrices(model.frozen.specifications) : [];
const constants = quantizedValues(model.frozen, quantized);
const program = await profiled.compile(
  trainingGraph(configuration, { rows, rowLength }, { trainable, recompute, quantized }),
  { constants },
);
const parameterArrays = Object.fromEntries(
  Object.entries(parameterFeeds(model)).filter(([name]) => !constants.has(name)),
);
const state = await HostTrainingState.open(engine, model);

const count = warmUpSteps + steps;
const feeds =
  batches === undefined
    ? randomBatches({ rows, rowLength }, configuration.vocabularySize, count).map(stepFeeds)
    : readBatches(batches);
const titles = batches === undefined ? undefined : readDescription(batches).titles;
const loss = new Float32Array(1);
const results: Record<string, NumericArray> = { loss };
for (const [name, view] of model.trained.gradients.views) results[gradientName(name)] = view;

const seconds: number[] = [];
const updateSeconds: number[] = [];
const processorSeconds: number[] = [];
const losses: number[] = [];
for (let step = 1; step <= count; step++) {
  const [started, processor] = [performance.now(), process.cpuUsage()];
  await program.run({ ...feeds[step - 1], ...parameterArrays }, results);
  const updateStarted = performance.now();
  await state.update({ step, learningRate: 1e-4, weightDecay: 0.1, clipNorm: 1 });
  const ended = performance.now();
  const { user, system } = process.cpuUsage(processor);
  losses.push(loss[0]!);
  if (step <= warmUpSteps) continue;
  seconds.push((ended - started) / 1000);
  updateSeconds.push((ended - updateStarted) / 1000);
  processorSeconds.push((user + system) / 1e6);
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
  processorSeconds: median(processorSeconds),
  tokensPerSecond: tokens / median(seconds),
  ...(titles ? { titlesPerSecond: median(titles) / median(seconds) } : {}),
  gigaflops: (6 * parameters * tokens) / median(seconds) / 1e9,
  peakGigabytes: process.resourceUsage().maxRSS / 1e6,
  losses,
};
process.stdout.write(`${JSON.stringify(report)}\n`);

import { silentContext } from '../../src/common/progress.js';
import { createRandom } from '../../src/common/random.js';
import { parseDevice } from '../../src/model/engine/device-choice.js';
import type { DeviceTensor, Value } from '../../src/model/engine/engine.js';
import { narrow } from '../../src/model/engine/float-formats.js';
import { openEngine } from '../../src/model/engine/open-engine.js';
import { generationDefaults } from '../../src/model/generation/generation-options.js';
import { generateTexts } from '../../src/model/generation/generation-request.js';
import { input, matmul, multiply } from '../../src/model/graph/builder.js';
import { elementCount, type FloatType } from '../../src/model/graph/shape.js';
import type { Tensor } from '../../src/model/graph/tensor.js';
import { DeviceTrainingState } from '../../src/model/training/device-training-state.js';
import { lossScaleName, trainingGraph } from '../../src/model/training/loss-graph.js';
import { createTrainableModel, initializeModel } from '../../src/model/training/trainable-model.js';
import { HostTrainingState } from '../../src/model/training/training-state.js';
import { openDecodeSession } from '../../src/model/transformer/decode-session.js';
import { parameterSpecifications } from '../../src/model/transformer/parameters.js';
import { byteTokenizer, randomWeights } from '../shared/random-model.js';
import { readOptions } from './gpu-options.js';

/**
 * One load on one device: matrix products, copies, training steps (forward, backward, AdamW) and texts of 24 tokens,
 * random weights. Prints one JSON line. Alone in its process, so that a device that fails takes nothing else down.
 */
const { device, precision = 'float32', loads, steps, texts, slots, matrix } = readOptions();
const [load] = loads;
const choice = parseDevice(device ?? '');
if (!load || !choice) throw new Error('needs --device and --loads');
const { configuration, rows, rowLength } = load;
const engine = await openEngine(choice);
const isDevice = (value: Value): value is DeviceTensor => 'view' in value;
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Seconds in which an output is computed from inputs of its shape and type, in the best of four rounds. */
async function secondsOf(
  shape: readonly number[],
  names: readonly string[],
  outputs: { readonly y: Tensor },
  dtype: FloatType = 'float32',
): Promise<number> {
  const program = await engine.compile(outputs);
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
  const [x, w] = ['x', 'w'].map((name) => input(name, shape, precision)) as [Tensor, Tensor];
  const seconds = await secondsOf(shape, ['x', 'w'], { y: matmul(x, w) }, precision);
  return (2 * matrix ** 3) / seconds / 1e9;
}

/** Bytes read and written a nanosecond while as many numbers as four matrices have are doubled. */
async function copyGigabytes(): Promise<number> {
  const shape = [4 * matrix, matrix];
  const seconds = await secondsOf(shape, ['x'], { y: multiply(input('x', shape), 2) });
  return (2 * 4 * shape[0]! * matrix) / seconds / 1e9;
}

async function trainingSeconds(): Promise<{ seconds: number; losses: number[]; parameters: number }> {
  const model = createTrainableModel(configuration, {
    loraRank: undefined,
    onlyTrainTransformerLayers: false,
  });
  await initializeModel(model, 1, randomWeights(configuration));
  const lossScale = precision === 'float16' ? 1024 : 1;
  const scale: Record<string, Float32Array> =
    precision === 'float16' ? { [lossScaleName]: Float32Array.of(lossScale) } : {};
  const program = await engine.compile(
    trainingGraph(configuration, { rows, rowLength }, { matmulDtype: precision }),
  );
  const state = engine.memory
    ? await DeviceTrainingState.open(engine, engine.memory, model)
    : await HostTrainingState.open(engine, model);
  const tokens = rows * rowLength;
  const random = createRandom(2, 'tokens');
  const ids = (): Int32Array =>
    Int32Array.from({ length: tokens }, () => random.integer(configuration.vocabularySize));
  const attentionMask = Float32Array.from({ length: tokens * rowLength }, (_, element) =>
    element % rowLength <= Math.floor(element / rowLength) % rowLength ? 0 : -1e9,
  );
  const [seconds, losses]: [number[], number[]] = [[], []];
  const loss = new Float32Array(1);
  const warmUp = 3;
  for (let step = 1; step <= warmUp + steps; step++) {
    const batch = {
      inputIds: ids(),
      targetIds: ids(),
      positionIds: Int32Array.from({ length: tokens }, (_, position) => position % rowLength),
      targetWeights: new Float32Array(tokens).fill(1 / tokens),
      attentionMask,
    };
    const started = performance.now();
    const { results } = state.gradients(false);
    await program.run({ ...batch, ...scale, ...state.parameters() }, { loss, ...results });
    await state.update({ step, learningRate: 1e-4, weightDecay: 0.1, clipNorm: 1, lossScale });
    losses.push(loss[0]!);
    if (step > warmUp) seconds.push((performance.now() - started) / 1000);
  }
  await state.dispose();
  await program.dispose();
  return { seconds: median(seconds), losses, parameters: model.trained.parameters.flat.length };
}

/** Texts a second, and how often a second all slots went one token further. */
async function generation(): Promise<{ textsPerSecond: number; stepsPerSecond: number }> {
  const sizes = { slots, capacity: Math.min(64, configuration.contextLength), precision };
  const session = await openDecodeSession(engine, configuration, randomWeights(configuration), sizes);
  const tokenizer = byteTokenizer(configuration);
  let [count, decoded] = [0, 0];
  const step: typeof session.step = (given) => {
    decoded++;
    return session.step(given);
  };
  const draw: typeof session.draw =
    session.draw && ((given) => session.draw!(given).finally(() => decoded++));
  const counting = Object.create(session, { step: { value: step }, draw: { value: draw } }) as typeof session;
  const generate = async (nsamples: number): Promise<number> => {
    [count, decoded] = [0, 0];
    const started = performance.now();
    const options = { ...generationDefaults, nsamples, length: 24 };
    for await (const _ of generateTexts(counting, tokenizer, options, silentContext)) count++;
    return (performance.now() - started) / 1000;
  };
  await generate(slots);
  const seconds = await generate(texts);
  await session.dispose();
  return { textsPerSecond: count / seconds, stepsPerSecond: decoded / seconds };
}

/** What a step of all slots reads of the weights, each once. */
function weightBytes(): number {
  const bytes = (decays: boolean): number => (decays && precision === 'float16' ? 2 : 4);
  const sizes = parameterSpecifications(configuration).map(
    ({ shape, decays }) => bytes(decays) * elementCount(shape),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const product = await matmulGigaflops();
const copy = await copyGigabytes();
const { seconds, losses, parameters } = await trainingSeconds();
const gigaflops = (6 * parameters * rows * rowLength) / seconds / 1e9;
const { textsPerSecond, stepsPerSecond } = await generation();
const report = {
  name: `titlesmith, ${device}, ${precision}`,
  tokensPerSecond: (rows * rowLength) / seconds,
  gigaflops,
  matmulGigaflops: product,
  shareOfMatmul: gigaflops / product,
  copyGigabytes: copy,
  textsPerSecond,
  shareOfCopy: (stepsPerSecond * weightBytes()) / 1e9 / copy,
  losses,
};
process.stdout.write(`${JSON.stringify(report)}\n`);

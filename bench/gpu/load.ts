import { silentContext } from '../../src/common/progress.js';
import { createRandom } from '../../src/common/random.js';
import { parseDevice } from '../../src/model/engine/device-names.js';
import { openEngine } from '../../src/model/engine/open-engine.js';
import { generateTexts } from '../../src/model/generation/generate.js';
import { generationDefaults } from '../../src/model/generation/options.js';
import { openDecodeSession } from '../../src/model/gpt2/decoder.js';
import { input, matmul } from '../../src/model/graph/builder.js';
import { trainingGraph } from '../../src/model/training/loss-graph.js';
import { openTrainingMemory } from '../../src/model/training/open-memory.js';
import { createTrainableModel, initializeModel } from '../../src/model/training/trainable.js';
import { byteTokenizer, randomWeights } from '../generate/random-model.js';
import { readOptions } from './options.js';

/**
 * One load on one device: matrix products, training steps (forward, backward, AdamW) and texts of 24 tokens, random
 * weights. Prints one JSON line. Alone in its process, so that a device that fails takes nothing else down.
 */
const { device, loads, steps, texts, slots, matrix } = readOptions();
const [load] = loads;
const choice = parseDevice(device ?? '');
if (!load || !choice) throw new Error('needs --device and --loads');
const { configuration, rows, rowLength } = load;
const engine = await openEngine(choice);
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function matmulGigaflops(): Promise<number> {
  const shape = [matrix, matrix];
  const program = await engine.compile({ y: matmul(input('x', shape), input('w', shape)) });
  const array = new Float32Array(matrix * matrix).fill(0.01);
  const specification = { shape, dtype: 'float32' } as const;
  const values = [0, 1, 2].map(() => engine.memory?.allocate(specification) ?? array.slice());
  const [x, w, y] = values as [(typeof values)[0], (typeof values)[0], (typeof values)[0]];
  const one = new Float32Array(1);
  const settle = async (): Promise<void> => {
    if (engine.memory && 'view' in y) await engine.memory.read([[y.view([1]), one]]);
  };
  const repeats = 8;
  const seconds: number[] = [];
  for (let round = 0; round < 4; round++) {
    const started = performance.now();
    for (let repeat = 0; repeat < repeats; repeat++) await program.run({ x, w }, { y });
    await settle();
    seconds.push((performance.now() - started) / 1000 / repeats);
  }
  await program.dispose();
  return (2 * matrix ** 3) / Math.min(...seconds) / 1e9;
}

async function trainingSeconds(): Promise<{ seconds: number; losses: number[]; parameters: number }> {
  const model = createTrainableModel(configuration, {
    loraRank: undefined,
    onlyTrainTransformerLayers: false,
  });
  await initializeModel(model, 1, randomWeights(configuration));
  const program = await engine.compile(trainingGraph(configuration, { rows, rowLength }));
  const memory = await openTrainingMemory(engine, model);
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
    const { results } = memory.gradients(false);
    await program.run({ ...batch, ...memory.parameters() }, { loss, ...results });
    await memory.update({ step, learningRate: 1e-4, weightDecay: 0.1, clipNorm: 1 });
    losses.push(loss[0]!);
    if (step > warmUp) seconds.push((performance.now() - started) / 1000);
  }
  await memory.dispose();
  await program.dispose();
  return { seconds: median(seconds), losses, parameters: model.state.parameters.flat.length };
}

async function textsPerSecond(): Promise<number> {
  const sizes = { slots, capacity: Math.min(64, configuration.contextLength) };
  const session = await openDecodeSession(engine, configuration, randomWeights(configuration), sizes);
  const tokenizer = byteTokenizer(configuration);
  const generate = async (nsamples: number): Promise<number> => {
    const started = performance.now();
    let count = 0;
    const options = { ...generationDefaults, nsamples, length: 24 };
    for await (const _ of generateTexts(session, tokenizer, options, silentContext)) count++;
    return count / ((performance.now() - started) / 1000);
  };
  await generate(slots);
  const rate = await generate(texts);
  await session.dispose();
  return rate;
}

const product = await matmulGigaflops();
const { seconds, losses, parameters } = await trainingSeconds();
const gigaflops = (6 * parameters * rows * rowLength) / seconds / 1e9;
const report = {
  name: `titlesmith, ${device}, float32`,
  tokensPerSecond: (rows * rowLength) / seconds,
  gigaflops,
  matmulGigaflops: product,
  shareOfMatmul: gigaflops / product,
  textsPerSecond: await textsPerSecond(),
  losses,
};
process.stdout.write(`${JSON.stringify(report)}\n`);

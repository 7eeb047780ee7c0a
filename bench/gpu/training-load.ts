import { createRandom } from '../../src/common/random.js';
import type { Engine, NumericArray, Value } from '../../src/model/engine/engine.js';
import type { FloatType, TensorSpecification } from '../../src/model/graph/shape.js';
import { DeviceTrainingState } from '../../src/model/training/device-training-state.js';
import { lossScaleName, trainingGraph } from '../../src/model/training/loss-graph.js';
import { lossLayout } from '../../src/model/training/output-loss.js';
import { createTrainableModel, initializeModel } from '../../src/model/training/trainable-model.js';
import { HostTrainingState } from '../../src/model/training/training-state.js';
import { randomWeights } from '../shared/random-model.js';
import type { BenchPrecision, Load } from './gpu-options.js';
import { median, type StepParts, seconds } from './measured.js';

/** What training steps took. */
interface TrainingTimes {
  /** The median of a step. */
  readonly seconds: number;
  readonly parts: StepParts;
  readonly losses: readonly number[];
  readonly parameters: number;
}

/** Steps of a training: forward, backward and AdamW, random weights and tokens. `close` frees them. */
export async function openTraining(engine: Engine, load: Load, precision: BenchPrecision) {
  const { configuration, rows, rowLength } = load;
  const model = createTrainableModel(configuration, {
    loraRank: undefined,
    onlyTrainTransformerLayers: false,
  });
  await initializeModel(model, 1, randomWeights(configuration));
  const matmulDtype: FloatType = precision === 'float16' ? 'float16' : 'float32';
  const lossScale = precision === 'float16' ? 1024 : 1;
  const scale: Record<string, Float32Array> =
    precision === 'float16' ? { [lossScaleName]: Float32Array.of(lossScale) } : {};
  const graph = trainingGraph(
    configuration,
    { rows, rowLength },
    { matmulDtype, layout: lossLayout(engine) },
  );
  // As a training does: see LossPrograms.
  const program = await engine.compile(graph, { allowTf32: precision !== 'float32' });
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
  const loss = new Float32Array(1);
  const nextBatch = (): Record<string, NumericArray> => ({
    inputIds: ids(),
    targetIds: ids(),
    positionIds: Int32Array.from({ length: tokens }, (_, position) => position % rowLength),
    targetWeights: new Float32Array(tokens).fill(1 / tokens),
    attentionMask,
  });
  return {
    parameters: model.trained.parameters.flat.length,
    nextBatch,
    /** Forward and backward; returns the loss. */
    async differentiate(batch: Readonly<Record<string, Value>>): Promise<number> {
      const { results } = state.gradients(false);
      await program.run({ ...batch, ...scale, ...state.parameters() }, { loss, ...results });
      return loss[0]!;
    },
    update: (step: number): Promise<number> =>
      state.update({ step, learningRate: 1e-4, weightDecay: 0.1, clipNorm: 1, lossScale }),
    async close(): Promise<void> {
      await state.dispose();
      await program.dispose();
    },
  };
}

/** Seconds in which a batch goes to the card and two numbers come back; 0 where there is no memory besides this one. */
async function copySeconds(
  { memory }: Engine,
  batch: Readonly<Record<string, NumericArray>>,
): Promise<number> {
  if (!memory) return 0;
  const specificationOf = (array: NumericArray): TensorSpecification => ({
    shape: [array.length],
    dtype: array instanceof Int32Array ? 'int32' : 'float32',
  });
  const arrays = Object.values(batch);
  const tensors = arrays.map((array) => memory.allocate(specificationOf(array)));
  const results = [0, 1].map(() => memory.allocate({ shape: [1], dtype: 'float32' }));
  await memory.write(results.map((tensor) => [Float32Array.of(0), tensor] as const));
  const rounds: number[] = [];
  for (let round = 0; round < 5; round++) {
    rounds.push(
      await seconds(async () => {
        await memory.write(arrays.map((array, index) => [array, tensors[index]!] as const));
        for (const tensor of results) await memory.read([[tensor, new Float32Array(1)]]);
      }),
    );
  }
  for (const tensor of [...tensors, ...results]) tensor.dispose();
  return Math.min(...rounds);
}

/** Times steps of a training, after three that are not counted. */
export async function timeTraining(
  engine: Engine,
  load: Load & { readonly precision: BenchPrecision; readonly steps: number },
): Promise<TrainingTimes> {
  const training = await openTraining(engine, load, load.precision);
  const [forwardBackward, update, losses]: [number[], number[], number[]] = [[], [], []];
  const warmUp = 3;
  for (let step = 1; step <= warmUp + load.steps; step++) {
    const batch = training.nextBatch();
    const ran = await seconds(async () => losses.push(await training.differentiate(batch)));
    const updated = await seconds(() => training.update(step));
    if (step <= warmUp) continue;
    forwardBackward.push(ran);
    update.push(updated);
  }
  const copies = await copySeconds(engine, training.nextBatch());
  await training.close();
  return {
    seconds: median(forwardBackward.map((ran, index) => ran + update[index]!)),
    parts: { forwardBackward: median(forwardBackward), update: median(update), copies },
    losses,
    parameters: training.parameters,
  };
}

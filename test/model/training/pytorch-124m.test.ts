import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { NumericArray } from '../../../src/model/engine/engine.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime/cpu-engine.js';
import type { Batch } from '../../../src/model/training/batches.js';
import { learningRateAt } from '../../../src/model/training/learning-rate.js';
import { gradientName, trainingGraph } from '../../../src/model/training/loss-graph.js';
import { createTrainableModel, type TrainableModel } from '../../../src/model/training/trainable-model.js';
import { HostTrainingState } from '../../../src/model/training/training-state.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import { parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import { FormulaWeights } from '../transformer/formula-weights.js';
import { forwardGraph } from '../transformer/forward-logits.js';
import { relativeError } from '../transformer/oracle.js';
import {
  lossOf,
  normOf,
  packedTitles,
  relativeDistance,
  startsOf,
  trainingFeeds,
  WorstErrors,
} from './large-oracle.js';

/** What test/oracles/gpt2/make_124m_fixture.py wrote. */
interface Oracle124M {
  readonly configuration: TransformerConfiguration;
  readonly options: {
    readonly learningRate: number;
    readonly warmupSteps: number;
    readonly totalSteps: number;
    readonly schedule: 'cosine';
    readonly weightDecay: number;
    readonly clipNorm: number;
  };
  /** Titles of each step's batch, as tokens. */
  readonly batches: readonly (readonly number[][])[];
  /** Of the first batch: logits of `tokens` after each whole title. */
  readonly logits: { readonly tokens: number[]; readonly last: number[][] };
  readonly losses: number[];
  readonly samples: Readonly<Record<string, { indices: number[]; initial: number[] }>>;
  readonly gradients: Readonly<Record<string, { norm: number; values: number[] }>>;
  readonly steps: readonly { loss: number; gradientNorm: number; learningRate: number }[];
  readonly trained: Readonly<
    Record<
      string,
      {
        changeNorm: number;
        values: number[];
        firstMoments: number[];
        firstMomentNorm: number;
        secondMoments: number[];
        secondMomentNorm: number;
      }
    >
  >;
}

/** Two float32 implementations that add up to 3,072 products in different orders, 12 layers deep. */
const tolerance = 1e-5;
/**
 * After the first step rounding comes back through the weights. Adam divides by √v, so where a gradient is hardly more
 * than rounding its step is too: `change` allows for that, and leaves out the attention biases, whose key part has the
 * gradient 0 and steps by rounding alone.
 */
const tolerances: Readonly<Record<string, number>> = {
  gradient: tolerance,
  'norm of a gradient': tolerance,
  loss: tolerance,
  'gradient norm': 1e-4,
  'first moments': 2e-4,
  'norm of first moments': 1e-4,
  'second moments': 2e-4,
  'norm of second moments': 2e-4,
  change: 2e-3,
  'norm of change': 1e-4,
};

/** Four arrays of 124M float32, activations, and the runtime's own. */
const neededBytes = 4.5e9;
const wanted = Boolean(process.env['TITLESMITH_TEST_124M']);
const free = process.availableMemory();
const runs = wanted && free >= neededBytes;
if (!wanted) console.info('The test of 124M against PyTorch is skipped: TITLESMITH_TEST_124M is not set.');
else if (!runs) {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  console.info(
    `The test of 124M against PyTorch is skipped: ${gigabytes(free)} of memory is free, it needs ${gigabytes(neededBytes)}.`,
  );
}

describe.runIf(runs)('GPT-2 124M on packed rows against PyTorch on single titles', () => {
  const path = new URL('../../oracles/gpt2/gpt2-124m.json', import.meta.url);
  const oracle = JSON.parse(readFileSync(path, 'utf8')) as Oracle124M;
  const { configuration } = oracle;
  const [rows, rowLength, endOfTextId] = [2, 48, 50_256];
  const engine = createOnnxRuntimeEngine({ threads: 2 });
  const weights = new FormulaWeights(configuration);
  let model: TrainableModel;
  const names = Object.keys(oracle.samples);
  const worst = new WorstErrors();

  const packed = (titles: readonly number[][]): Batch =>
    packedTitles(titles, { batchSize: rows, rowLength, endOfTextId });

  const sampled = (name: string, view: Float32Array): number[] =>
    oracle.samples[name]!.indices.map((index) => view[index]!);

  beforeAll(() => {
    model = createTrainableModel(configuration, { loraRank: undefined, onlyTrainTransformerLayers: false });
    weights.fill(model.trained.parameters);
  });

  it('starts from the same weights, to the bit', () => {
    expect(names).toEqual(parameterSpecifications(configuration).map(({ name }) => name));
    for (const name of names) {
      const expected = oracle.samples[name]!.initial.map(Math.fround);
      expect(sampled(name, model.trained.parameters.views.get(name)!), name).toEqual(expected);
    }
  });

  it('gives the same logits, and the same loss of every token', async () => {
    const titles = oracle.batches[0]!;
    const batch = packed(titles);
    const program = await engine.compile(forwardGraph(configuration, rows, rowLength));
    const { vocabularySize } = configuration;
    const logits = new Float32Array(rows * rowLength * vocabularySize);
    const { targetIds: _, targetWeights: __, ...inputs } = trainingFeeds(batch, model);
    await program.run(inputs, { logits });
    await program.dispose();
    const row = (position: number): Float32Array =>
      logits.subarray(position * vocabularySize, (position + 1) * vocabularySize);
    const lossAt = (position: number): number => lossOf(row(position), batch.targetIds[position]!);
    const [last, losses]: [number[][], number[]] = [[], []];
    for (const [index, start] of startsOf(batch, titles).entries()) {
      const { length } = titles[index]!;
      for (let position = start; position <= start + length; position++) losses.push(lossAt(position));
      const values = row(start + length);
      last.push(oracle.logits.tokens.map((token) => values[token]!));
    }
    expect(relativeError(last.flat(), oracle.logits.last.flat())).toBeLessThan(tolerance);
    expect(relativeError(losses, oracle.losses)).toBeLessThan(tolerance);
  });

  it('gives the same gradient of every parameter, and takes the same ten steps of AdamW', async () => {
    const program = await engine.compile(trainingGraph(configuration, { rows, rowLength }));
    const optimizer = await HostTrainingState.open(engine, model);
    const stores = model.trained;
    const loss = new Float32Array(1);
    const gradients = [...stores.gradients.views].map(([name, view]) => [gradientName(name), view]);
    const results: Record<string, NumericArray> = { loss, ...Object.fromEntries(gradients) };
    for (const [step, titles] of oracle.batches.entries()) {
      await program.run(trainingFeeds(packed(titles), model), results);
      if (step === 0) expectGradients();
      const expected = oracle.steps[step]!;
      const learningRate = learningRateAt(step, oracle.options);
      const gradientNorm = await optimizer.update({ ...oracle.options, step: step + 1, learningRate });
      expect(learningRate).toBeCloseTo(expected.learningRate, 12);
      worst.see('loss', `step ${step + 1}`, relativeError([loss[0]!], [expected.loss]));
      worst.see('gradient norm', `step ${step + 1}`, relativeError([gradientNorm], [expected.gradientNorm]));
    }
    await optimizer.dispose();
    await program.dispose();
    for (const name of names) {
      const expected = oracle.trained[name]!;
      const initial = weights.of(name);
      const [trained, first, second] = [stores.parameters, stores.firstMoments, stores.secondMoments].map(
        (store) => store.views.get(name)!,
      ) as [Float32Array, Float32Array, Float32Array];
      const start = oracle.samples[name]!.initial;
      const change = normOf(trained.map((value, index) => value - initial(index)));
      const moves = (values: readonly number[]): number[] =>
        values.map((value, index) => value - start[index]!);
      if (!name.endsWith('c_attn.bias')) {
        worst.see('norm of change', name, relativeError([change], [expected.changeNorm]));
        worst.see('change', name, relativeDistance(moves(sampled(name, trained)), moves(expected.values)));
      }
      worst.see('norm of first moments', name, relativeError([normOf(first)], [expected.firstMomentNorm]));
      worst.see('first moments', name, relativeError(sampled(name, first), expected.firstMoments));
      worst.see('norm of second moments', name, relativeError([normOf(second)], [expected.secondMomentNorm]));
      worst.see('second moments', name, relativeError(sampled(name, second), expected.secondMoments));
    }
    console.info(worst.toString());
    for (const [kind, most] of Object.entries(tolerances)) expect(worst.of(kind), kind).toBeLessThan(most);
  });

  function expectGradients(): void {
    for (const name of names) {
      const gradient = model.trained.gradients.views.get(name)!;
      const expected = oracle.gradients[name]!;
      worst.see('gradient', name, relativeError(sampled(name, gradient), expected.values));
      worst.see('norm of a gradient', name, relativeError([normOf(gradient)], [expected.norm]));
    }
  }
});

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import { packageRoot } from '../../../src/io/package-root.js';
import type { NumericArray } from '../../../src/model/engine/engine.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime/cpu-engine.js';
import { TitleScorer } from '../../../src/model/scoring/title-scorer.js';
import type { Batch } from '../../../src/model/training/batches.js';
import { gradientName, trainingGraph } from '../../../src/model/training/loss-graph.js';
import {
  createTrainableModel,
  initializeModel,
  type TrainableModel,
} from '../../../src/model/training/trainable-model.js';
import { HostTrainingState } from '../../../src/model/training/training-state.js';
import { createParameterStore, type ParameterStore } from '../../../src/model/transformer/parameters.js';
import type { OpenModel } from '../../../src/model/weights/open-model.js';
import { openModel } from '../../../src/model/weights/resolve-model.js';
import { storedLayout, storedValues } from '../../../src/model/weights/stored-tensors.js';
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

/** What test/oracles/gguf/make_smollm2_training.py wrote, in float64; tensors by Hugging Face's names. */
interface Oracle {
  readonly options: {
    readonly learningRate: number;
    readonly weightDecay: number;
    readonly clipNorm: number;
  };
  readonly titles: readonly string[];
  /** Titles of each step's batch, as tokens. */
  readonly batches: readonly (readonly number[][])[];
  readonly bitsAByte: Readonly<Record<'whole' | 'withoutEnd' | 'withoutEnds', number>>;
  readonly logits: { readonly tokens: number[]; readonly last: number[][] };
  readonly losses: number[];
  readonly samples: Readonly<Record<string, { indices: number[]; initial: number[] }>>;
  readonly gradients: Readonly<Record<string, { norm: number; values?: number[] }>>;
  readonly steps: readonly { loss: number; gradientNorm: number }[];
  readonly trained: Readonly<Record<string, { changeNorm: number; values?: number[] }>>;
}

/** What float32 makes of 30 layers whose residual stream reaches 25,000, and ten divisions by √v of its roundings. */
const tolerances: Readonly<Record<string, number>> = {
  gradient: 1e-4,
  'norm of a gradient': 1e-4,
  loss: 1e-5,
  'gradient norm': 1e-4,
  change: 1e-2,
  'norm of change': 1e-3,
};

const path = join(packageRoot, '.cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf');
const neededBytes = 4e9;
const lack = existsSync(path)
  ? process.availableMemory() < neededBytes && 'it needs 4 GB of memory'
  : `there is no ${path} (.ci/install-test-tools)`;
if (lack !== false) console.info(`The training of SmolLM2 beside PyTorch's is skipped: ${lack}.`);

describe.skipIf(lack !== false)('SmolLM2 on packed rows against PyTorch on single titles', () => {
  const fixture = join(packageRoot, 'test/oracles/gguf/smollm2-training.json');
  const oracle = JSON.parse(readFileSync(fixture, 'utf8')) as Oracle;
  // Every batch fills more than one row, and fits into two.
  const [rows, rowLength] = [2, 88];
  const engine = createOnnxRuntimeEngine({ threads: 2 });
  const worst = new WorstErrors();
  let files: OpenModel;
  let model: TrainableModel;

  beforeAll(async () => {
    files = await openModel(path);
    model = createTrainableModel(files.configuration, {
      loraRank: undefined,
      onlyTrainTransformerLayers: false,
    });
    await initializeModel(model, 1, files.weights);
  });
  afterAll(() => files.weights.close());

  function packed(titles: readonly number[][]): Batch {
    const { endOfTextId, startOfTextId } = files.tokenizer;
    return packedTitles(titles, { batchSize: rows, rowLength, endOfTextId, startOfTextId });
  }

  /** Visits the tensors of a store as Hugging Face has them. */
  function visit(store: ParameterStore, see: (name: string, values: Float32Array) => void): void {
    const { prefix, tensors } = storedLayout(files.configuration);
    for (const [parameter, parts] of tensors) {
      for (const part of parts)
        see(`${prefix}${part.name}`, storedValues(part, parts, store.views.get(parameter)!));
    }
  }

  const sampled = (name: string, values: Float32Array): number[] =>
    oracle.samples[name]!.indices.map((index) => values[index]!);

  it('has the same tokens, and the same weights to the bit', () => {
    expect(oracle.titles.map((title) => files.tokenizer.encode(title))).toEqual(oracle.batches.flat());
    const names: string[] = [];
    visit(model.trained.parameters, (name, values) => {
      names.push(name);
      if (name in oracle.samples)
        expect(sampled(name, values), name).toEqual(oracle.samples[name]!.initial.map(Math.fround));
    });
    expect(names.toSorted()).toEqual(Object.keys(oracle.gradients).toSorted());
  });

  it('gives the same bits a byte, with and without the tokens at the ends', async () => {
    const { configuration, tokenizer, weights } = files;
    const scorer = new TitleScorer(engine, { configuration, ...tokenizer });
    const titles = oracle.batches.flat().map((title) => Uint16Array.from(title));
    const losses = await scorer.scoreTokens(weights, titles, silentContext);
    await scorer.dispose();
    const bytes = oracle.titles.reduce((sum, title) => sum + Buffer.byteLength(title), 0);
    const bits = (first: number, end?: number): number =>
      losses.reduce((sum, own) => sum + own.slice(first, end).reduce((a, b) => a + b, 0), 0) /
      Math.LN2 /
      bytes;
    const { whole, withoutEnd, withoutEnds } = oracle.bitsAByte;
    expect(relativeError([bits(0), bits(0, -1), bits(1, -1)], [whole, withoutEnd, withoutEnds])).toBeLessThan(
      1e-4,
    );
  });

  it('gives the same logits, and the same loss of every token', async () => {
    const titles = oracle.batches[0]!;
    const batch = packed(titles);
    const { vocabularySize } = files.configuration;
    const program = await engine.compile(forwardGraph(files.configuration, rows, rowLength));
    const logits = new Float32Array(rows * rowLength * vocabularySize);
    const { targetIds: _, targetWeights: __, ...inputs } = trainingFeeds(batch, model);
    await program.run(inputs, { logits });
    await program.dispose();
    const row = (position: number): Float32Array =>
      logits.subarray(position * vocabularySize, (position + 1) * vocabularySize);
    const [last, losses]: [number[][], number[]] = [[], []];
    for (const [index, start] of startsOf(batch, titles).entries()) {
      const end = start + titles[index]!.length;
      for (let position = start; position <= end; position++)
        losses.push(lossOf(row(position), batch.targetIds[position]!));
      last.push(oracle.logits.tokens.map((token) => row(end)[token]!));
    }
    expect(relativeError(last.flat(), oracle.logits.last.flat())).toBeLessThan(1e-4);
    expect(relativeError(losses, oracle.losses)).toBeLessThan(1e-4);
  });

  it('gives the same gradient of every tensor, and takes the same ten steps of AdamW', async () => {
    const program = await engine.compile(trainingGraph(files.configuration, { rows, rowLength }));
    const optimizer = await HostTrainingState.open(engine, model);
    const { parameters, gradients } = model.trained;
    const loss = new Float32Array(1);
    const views = [...gradients.views].map(([name, view]) => [gradientName(name), view]);
    const results: Record<string, NumericArray> = { loss, ...Object.fromEntries(views) };
    for (const [step, titles] of oracle.batches.entries()) {
      await program.run(trainingFeeds(packed(titles), model), results);
      if (step === 0) visit(gradients, seeGradient);
      const expected = oracle.steps[step]!;
      const gradientNorm = await optimizer.update({ ...oracle.options, step: step + 1 });
      worst.see('loss', `step ${step + 1}`, relativeError([loss[0]!], [expected.loss]));
      worst.see('gradient norm', `step ${step + 1}`, relativeError([gradientNorm], [expected.gradientNorm]));
    }
    await optimizer.dispose();
    await program.dispose();
    await seeTrained(parameters);
    console.info(worst.toString());
    for (const [kind, most] of Object.entries(tolerances)) expect(worst.of(kind), kind).toBeLessThan(most);
  });

  function seeGradient(name: string, values: Float32Array): void {
    const { norm, values: expected } = oracle.gradients[name]!;
    worst.see('norm of a gradient', name, relativeError([normOf(values)], [norm]));
    if (expected) worst.see('gradient', name, relativeError(sampled(name, values), expected));
  }

  /** The way that each tensor went in ten steps. */
  async function seeTrained(parameters: ParameterStore): Promise<void> {
    const start = createParameterStore(parameters.specifications);
    for (const [name, view] of start.views) {
      await files.weights.read(name, view);
      const trained = parameters.views.get(name)!;
      for (let element = 0; element < view.length; element++)
        view[element] = trained[element]! - view[element]!;
    }
    visit(start, (name, change) => {
      const { changeNorm, values } = oracle.trained[name]!;
      worst.see('norm of change', name, relativeError([normOf(change)], [changeNorm]));
      if (!values) return;
      const { initial } = oracle.samples[name]!;
      const expected = values.map((value, index) => value - initial[index]!);
      worst.see('change', name, relativeDistance(sampled(name, change), expected));
    });
  }
});

import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import type { NumericArray } from '../../../src/model/engine/engine.js';
import {
  accumulatedGradientName,
  evaluationGraph,
  gradientName,
  type TrainingGraphOptions,
  trainingGraph,
} from '../../../src/model/training/loss-graph.js';
import { processorLayout } from '../../../src/model/training/output-loss.js';
import { loraSpecifications, mergedWithLora } from '../../../src/model/transformer/lora.js';
import {
  createParameterStore,
  type ParameterStore,
  parameterSpecifications,
} from '../../../src/model/transformer/parameters.js';
import { testEngine as engine } from '../test-engine.js';
import { oracle, oracleFeeds, oracleParameters, relativeError } from '../transformer/oracle.js';

const { rows, rowLength } = oracle.batch;
const specifications = parameterSpecifications(oracle.configuration);
/** The same sums in another order: float32 rounding. */
const tolerance = 1e-5;

/** Loss and gradients of the oracle's batch. */
async function run(
  options: TrainingGraphOptions,
  feeds: Record<string, NumericArray>,
  gradients: ParameterStore,
): Promise<number> {
  const program = await engine.compile(trainingGraph(oracle.configuration, { rows, rowLength }, options));
  const loss = new Float32Array(1);
  const results = Object.fromEntries([...gradients.views].map(([name, view]) => [gradientName(name), view]));
  await program.run(feeds, { loss, ...results });
  await program.dispose();
  return loss[0]!;
}

const allFeeds = (): Record<string, NumericArray> => ({
  ...oracleFeeds(),
  ...Object.fromEntries(oracleParameters().views),
});

function expectOracleGradients(gradients: ParameterStore, scale = 1): void {
  for (const [name, view] of gradients.views) {
    const expected = oracle.gradients[name]!.map((value) => scale * value);
    expect(relativeError(view, expected), name).toBeLessThan(tolerance);
  }
}

describe('training graph', () => {
  it('gives the same gradients when activations are computed again', async () => {
    const gradients = createParameterStore(specifications);
    await run({ recompute: true }, allFeeds(), gradients);
    expectOracleGradients(gradients);
  });

  it('adds to earlier gradients in their own memory', async () => {
    const gradients = createParameterStore(specifications);
    await run({}, allFeeds(), gradients);
    const earlier = Object.fromEntries(
      [...gradients.views].map(([name, view]) => [accumulatedGradientName(name), view]),
    );
    await run({ accumulate: true }, { ...allFeeds(), ...earlier }, gradients);
    expectOracleGradients(gradients, 2);
  });

  // The oracle's vocabulary of 61 becomes 64 rows.
  it.each([
    ['as a whole, padded', { logits: 1 << 20 }],
    ['as a whole, padded, in chunks of tokens', { logits: 64 * 20 }],
    ['in chunks, as its output layer is larger than a tensor may be', { logits: 4000, tensor: 1000 }],
  ])('gives the same gradients and loss with the vocabulary %s', async (_, changed) => {
    const layout = { ...processorLayout, piece: undefined, ...changed };
    const gradients = createParameterStore(specifications);
    expect(await run({ layout }, allFeeds(), gradients)).toBeCloseTo(oracle.loss, 5);
    expectOracleGradients(gradients);
    const program = await engine.compile(
      evaluationGraph(oracle.configuration, { rows, rowLength }, [], { layout }),
    );
    const loss = new Float32Array(1);
    await program.run(allFeeds(), { loss });
    await program.dispose();
    expect(loss[0]).toBeCloseTo(oracle.loss, 5);
  });

  it('gives gradients of the blocks alone where only they are trained', async () => {
    const trainable = specifications.filter(({ name }) => name.startsWith('h.'));
    const gradients = createParameterStore(trainable);
    await run({ trainable }, allFeeds(), gradients);
    expectOracleGradients(gradients);
  });
});

describe('low-rank adapters', () => {
  const adapters = loraSpecifications(oracle.configuration, 3);

  function randomAdapters(): ParameterStore {
    const store = createParameterStore(adapters);
    for (const [name, view] of store.views) {
      const random = createRandom(4, name);
      for (let element = 0; element < view.length; element++) view[element] = 0.05 * random.normal();
    }
    return store;
  }

  async function evaluate(feeds: Record<string, NumericArray>, withAdapters: boolean): Promise<number> {
    const shape = { rows, rowLength };
    const graph = evaluationGraph(oracle.configuration, shape, withAdapters ? adapters : []);
    const program = await engine.compile(graph);
    const loss = new Float32Array(1);
    await program.run(feeds, { loss });
    await program.dispose();
    return loss[0]!;
  }

  it('change nothing while their second factor is zero', async () => {
    const zeros = Object.fromEntries(createParameterStore(adapters).views);
    expect(await evaluate({ ...allFeeds(), ...zeros }, true)).toBeCloseTo(oracle.loss, 5);
  });

  it('give the loss of the merged weights', async () => {
    const [base, store] = [oracleParameters(), randomAdapters()];
    const merged = Object.fromEntries(
      specifications.map(({ name }) => [name, mergedWithLora(base, store, name)]),
    );
    const apart = await evaluate({ ...allFeeds(), ...Object.fromEntries(store.views) }, true);
    expect(Math.abs(apart - oracle.loss)).toBeGreaterThan(1e-3);
    expect(await evaluate({ ...oracleFeeds(), ...merged }, false)).toBeCloseTo(apart, 5);
  });

  it('have the gradients that follow from those of the merged weights', async () => {
    const [base, store, gradients] = [oracleParameters(), randomAdapters(), createParameterStore(adapters)];
    await run({ trainable: adapters }, { ...allFeeds(), ...Object.fromEntries(store.views) }, gradients);
    const ofMerged = createParameterStore(specifications);
    const merged = Object.fromEntries(
      specifications.map(({ name }) => [name, mergedWithLora(base, store, name)]),
    );
    await run({}, { ...oracleFeeds(), ...merged }, ofMerged);
    // W' = W + s·A·B, so dA = s·dW'·Bᵀ.
    const linear = 'h.1.mlp.c_fc';
    const [byWeight, b] = [ofMerged.views.get(`${linear}.weight`)!, store.views.get(`${linear}.lora_B`)!];
    const [rank, columns] = [3, 4 * oracle.configuration.width];
    const expected = new Float32Array(oracle.configuration.width * rank).map((_, element) => {
      const [row, inner] = [Math.floor(element / rank), element % rank];
      let sum = 0;
      for (let column = 0; column < columns; column++) {
        sum += byWeight[row * columns + column]! * b[inner * columns + column]!;
      }
      return 2 * sum;
    });
    expect(relativeError(gradients.views.get(`${linear}.lora_A`)!, expected)).toBeLessThan(tolerance);
  });
});

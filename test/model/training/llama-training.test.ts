import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { silentContext, type WorkContext } from '../../../src/common/progress.js';
import { createRandom } from '../../../src/common/random.js';
import type { NumericArray } from '../../../src/model/engine/engine.js';
import {
  gradientName,
  type TrainingGraphOptions,
  trainingGraph,
} from '../../../src/model/training/loss-graph.js';
import { train } from '../../../src/model/training/training-loop.js';
import type { TrainingOptions } from '../../../src/model/training/training-options.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import { quantizableMatrices, quantizedValues } from '../../../src/model/transformer/frozen-matrices.js';
import { loraSpecifications, mergedWithLora } from '../../../src/model/transformer/lora.js';
import { createParameterStore, type ParameterStore } from '../../../src/model/transformer/parameters.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import { testEngine as engine } from '../test-engine.js';
import { type LlamaOracle, llamaFeeds, llamaNames, readLlamaOracle } from '../transformer/llama-oracle.js';
import { relativeError } from '../transformer/oracle.js';
import { MemoryStorage } from './memory-storage.js';
import { configuration as gpt2, options, smallTraining, stopAfter } from './small-training.js';

/** The same sums in another order: float32 rounding. */
const tolerance = 1e-5;

/** Loss and gradients of the oracle's batch. */
async function lossAndGradients(
  oracle: LlamaOracle,
  graphOptions: TrainingGraphOptions,
  parameters: ReadonlyMap<string, NumericArray>,
  gradients: ParameterStore,
  constants: ReadonlyMap<string, NumericArray> = new Map(),
): Promise<number> {
  const program = await engine.compile(trainingGraph(oracle.configuration, oracle.batch, graphOptions), {
    constants,
  });
  const loss = new Float32Array(1);
  const results = Object.fromEntries([...gradients.views].map(([name, view]) => [gradientName(name), view]));
  const fed = [...parameters].filter(([name]) => !constants.has(name));
  await program.run({ ...llamaFeeds(oracle), ...Object.fromEntries(fed) }, { loss, ...results });
  await program.dispose();
  return loss[0]!;
}

describe.each(llamaNames)('adapters of a Llama, %s heads', (name) => {
  const rank = 3;

  async function open() {
    const oracle = await readLlamaOracle(name);
    const base = await oracle.parameters();
    const adapters = createParameterStore(loraSpecifications(oracle.configuration, rank));
    for (const [parameter, view] of adapters.views) {
      const random = createRandom(4, parameter);
      for (let element = 0; element < view.length; element++) view[element] = 0.05 * random.normal();
    }
    const gradients = createParameterStore(adapters.specifications);
    const all = new Map([...base.views, ...adapters.views]);
    return { oracle, base, adapters, gradients, all };
  }

  it('stand beside every matrix of the blocks, and have the loss and the gradients of the merged weights', async () => {
    const { oracle, base, adapters, gradients, all } = await open();
    const loss = await lossAndGradients(oracle, { trainable: adapters.specifications }, all, gradients);
    const merged = new Map(
      base.specifications.map(({ name: own }) => [own, mergedWithLora(base, adapters, own)] as const),
    );
    const ofMerged = createParameterStore(base.specifications);
    expect(Math.abs((await lossAndGradients(oracle, {}, merged, ofMerged)) - loss)).toBeLessThan(tolerance);
    const matrices = base.specifications.filter(({ decays }) => decays);
    expect(matrices).toHaveLength(4 * oracle.configuration.layers);
    for (const { name: matrix, shape } of matrices) {
      const [rows, columns] = shape as [number, number];
      const linear = matrix.slice(0, -'.weight'.length);
      const [a, byWeight] = [adapters.views.get(`${linear}.lora_A`)!, ofMerged.views.get(matrix)!];
      // W + 2·A·B: dB = 2·Aᵀ·dW
      const expected = new Float32Array(rank * columns).map((_, element) => {
        const [inner, column] = [Math.floor(element / columns), element % columns];
        let sum = 0;
        for (let row = 0; row < rows; row++)
          sum += a[row * rank + inner]! * byWeight[row * columns + column]!;
        return 2 * sum;
      });
      expect(relativeError(gradients.views.get(`${linear}.lora_B`)!, expected), matrix).toBeLessThan(
        tolerance,
      );
    }
  });

  it.runIf(engine.memory === undefined)('learn over matrices in 8 bits nearly the same', async () => {
    const { oracle, base, adapters, gradients, all } = await open();
    const trainable = adapters.specifications;
    const exact = await lossAndGradients(oracle, { trainable }, all, gradients);
    const quantized = quantizableMatrices(base.specifications);
    const output = name === 'wide' ? 'lm_head.weight' : 'wte.weight';
    expect(quantized.filter(({ decays }) => !decays).map((matrix) => matrix.name)).toEqual([output]);
    const rounded = createParameterStore(trainable);
    const constants = quantizedValues(base, quantized);
    const loss = await lossAndGradients(oracle, { trainable, quantized }, all, rounded, constants);
    expect(Math.abs(loss / exact - 1)).toBeLessThan(0.01);
    const norm = (values: Float32Array): number => Math.hypot(...values);
    const difference = gradients.flat.map((value, index) => value - rounded.flat[index]!);
    expect(norm(difference) / norm(gradients.flat)).toBeLessThan(0.1);
  });
});

describe('training a Llama', () => {
  const configuration: TransformerConfiguration = {
    ...gpt2,
    heads: 4,
    llama: { keyValueHeads: 2, headWidth: 6, innerWidth: 48, rotary: { base: 10_000 }, tiedOutput: false },
  };
  const run = (
    storage: MemoryStorage,
    changed: Partial<TrainingOptions>,
    context: WorkContext = silentContext,
  ) => train({ ...smallTraining, configuration, storage, options: { ...options, ...changed } }, context);

  it.each([
    ['whole', {}],
    [
      'with dropout and recomputed, in two batches a step',
      { dropout: 0.1, recompute: true, accumulateGradients: 2 },
    ],
    ['the blocks alone', { onlyTrainTransformerLayers: true, steps: 24 }],
  ] as const)('%s: learns, and stopped it comes to the same bytes', async (_, changed) => {
    const [whole, resumed] = [new MemoryStorage(), new MemoryStorage()];
    const expected = await run(whole, { steps: 12, ...changed });
    expect(expected.bestValidationLoss).toBeLessThan(expected.initialValidationLoss * 0.95);
    await expect(run(resumed, { steps: 12, ...changed }, stopAfter(7))).rejects.toThrow(InterruptedError);
    expect(await run(resumed, { steps: 12, ...changed })).toEqual(expected);
    expect(resumed.weights).toEqual(whole.weights);
    expect(resumed.state).toEqual(whole.state);
    expect(resumed.metrics).toEqual(whole.metrics);
  });

  it('goes on from weights by adapters, and saves them merged', async () => {
    const first = new MemoryStorage();
    const { bestValidationLoss } = await run(first, {});
    const pretrained = createParameterStore(
      [...first.weights].map(([name, values]) => ({
        name,
        shape: [values.length],
        initial: { value: 0 },
        decays: false,
      })),
    );
    for (const [name, view] of pretrained.views) view.set(first.weights.get(name)!);
    const storage = new MemoryStorage();
    const result = await train(
      {
        ...smallTraining,
        configuration,
        storage,
        options: { ...options, loraRank: 4, learningRate: 3e-3 },
        pretrained: storedWeights(pretrained),
      },
      silentContext,
    );
    expect(result.initialValidationLoss).toBeCloseTo(bestValidationLoss, 4);
    expect(result.bestValidationLoss).toBeLessThan(bestValidationLoss);
    const changed = [...storage.weights].filter(([name, values]) =>
      values.some((value, index) => value !== first.weights.get(name)![index]),
    );
    expect(changed.map(([name]) => name).every((name) => /^h\.\d\.(attn|mlp)\./.test(name))).toBe(true);
    expect(changed).toHaveLength(4 * configuration.layers);
  });
});

import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { silentContext, type WorkContext } from '../../../src/common/progress.js';
import { type TrainingInput, train } from '../../../src/model/training/training-loop.js';
import type { TrainingOptions } from '../../../src/model/training/training-options.js';
import { loraSpecifications, mergedWithLora } from '../../../src/model/transformer/lora.js';
import {
  createParameterStore,
  initializeParameters,
  parameterSpecifications,
} from '../../../src/model/transformer/parameters.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import { MemoryStorage } from './memory-storage.js';
import { configuration, data, options, smallTraining, stopAfter } from './small-training.js';

function run(
  storage: MemoryStorage,
  changed: Partial<TrainingOptions> = {},
  context: WorkContext = silentContext,
  more: Partial<TrainingInput> = {},
) {
  return train({ ...smallTraining, storage, options: { ...options, ...changed }, ...more }, context);
}

describe('training', () => {
  it('learns, measures on held-out titles and keeps the best weights', async () => {
    const storage = new MemoryStorage();
    const result = await run(storage);
    expect(result).toMatchObject({ steps: 24, stopReason: 'steps', rowLength: 64 });
    expect(result.initialValidationLoss).toBeGreaterThan(Math.log(configuration.vocabularySize) * 0.9);
    expect(result.bestValidationLoss).toBeLessThan(result.initialValidationLoss / 2);
    const evaluated = storage.lines.filter((line) => line.validationLoss !== undefined);
    expect(evaluated.map((line) => line.step)).toEqual([8, 16, 24]);
    expect(Math.min(...evaluated.map((line) => line.validationLoss!))).toBe(result.bestValidationLoss);
    for (const { tokensPerSecond } of storage.lines) expect(tokensPerSecond).toBeGreaterThan(0);
    for (const { name } of parameterSpecifications(configuration))
      expect(storage.weights.get(name)!.some((value) => value !== 0)).toBe(true);
  });

  it.each([[1], [7], [8], [13], [23]])(
    'stopped after %i steps and started again, comes to the same weights, moments and metrics',
    async (steps) => {
      const [whole, resumed] = [new MemoryStorage(), new MemoryStorage()];
      const expected = await run(whole);
      await expect(run(resumed, {}, stopAfter(steps))).rejects.toThrow(InterruptedError);
      expect(resumed.position!.step).toBe(steps);
      expect(await run(resumed)).toEqual(expected);
      expect(resumed.weights).toEqual(whole.weights);
      expect(resumed.state).toEqual(whole.state);
      expect(resumed.metrics).toEqual(whole.metrics);
      expect(resumed.descriptions).toBe(1);
    },
  );

  it('stops when the validation loss no longer falls', async () => {
    const result = await run(new MemoryStorage(), {
      learningRate: 1e-9,
      steps: 100,
      evaluateEvery: 2,
      patience: 3,
    });
    expect(result.stopReason).toBe('patience');
    expect(result.steps).toBeLessThan(100);
  });

  describe('with samples that may end it', () => {
    /** Samples of 10 texts, with so many copies by step; evaluations are at 8, 16 and 24, samples at 12 and 24 too. */
    const samplesWith = (copies: Readonly<Record<number, number>>) => {
      const taken: number[] = [];
      const take = async (step: number) => {
        taken.push(step);
        return { samples: 10, copies: copies[step] ?? 0 };
      };
      return { taken, samples: { every: 12, stopFrom: 5, take } };
    };

    it('stops at the first that holds too many copies, and keeps the best weights from before', async () => {
      const [storage, shorter] = [new MemoryStorage(), new MemoryStorage()];
      const { taken, samples } = samplesWith({ 8: 4, 16: 5 });
      const result = await run(storage, {}, silentContext, { samples });
      expect(result).toMatchObject({ steps: 16, stopReason: 'copies', bestStep: 8 });
      expect(result.endedBy).toEqual({ samples: 10, copies: 5 });
      expect(taken).toEqual([8, 12, 16]);
      const at = new Map(storage.lines.map((line) => [line.step, line]));
      expect(at.get(16)).toMatchObject({ nearCopyShare: 0.5, samples: 10, copies: 5 });
      expect(at.get(16)!.validationLoss!).toBeLessThan(at.get(8)!.validationLoss!);
      expect(result.bestValidationLoss).toBe(at.get(8)!.validationLoss);
      await expect(run(shorter, {}, stopAfter(8))).rejects.toThrow(InterruptedError);
      expect(storage.weights).toEqual(shorter.weights);
    });

    it('may stop between two evaluations', async () => {
      const { samples } = samplesWith({ 12: 9 });
      const result = await run(new MemoryStorage(), {}, silentContext, { samples });
      expect(result).toMatchObject({ steps: 12, stopReason: 'copies', bestStep: 8 });
    });

    it('measures and keeps what there is where the first sample already holds too many', async () => {
      const storage = new MemoryStorage();
      const { samples } = samplesWith({ 4: 9 });
      const result = await run(storage, {}, silentContext, { samples: { ...samples, every: 4 } });
      expect(result).toMatchObject({ steps: 4, stopReason: 'copies', bestStep: 4 });
      expect(result.bestValidationLoss).toBe(storage.lines.at(-1)!.validationLoss);
      expect(storage.weights.size).toBeGreaterThan(0);
    });

    it.each([[8], [13], [16]])('comes to the same when stopped after %i steps', async (steps) => {
      const { samples } = samplesWith({ 16: 5 });
      const [whole, resumed] = [new MemoryStorage(), new MemoryStorage()];
      const expected = await run(whole, {}, silentContext, { samples });
      const stopped = run(resumed, {}, stopAfter(steps), { samples });
      // The last step ends it before it looks whether it is asked to stop.
      if (steps < 16) await expect(stopped).rejects.toThrow(InterruptedError);
      else expect(await stopped).toEqual(expected);
      expect(await run(resumed, {}, silentContext, { samples })).toEqual(expected);
      expect(resumed.weights).toEqual(whole.weights);
      expect(resumed.state).toEqual(whole.state);
      expect(resumed.metrics).toEqual(whole.metrics);
    });

    it('changes nothing where none holds so many', async () => {
      const [plain, watched] = [new MemoryStorage(), new MemoryStorage()];
      const { samples } = samplesWith({ 24: 4 });
      expect(await run(watched, {}, silentContext, { samples })).toEqual(await run(plain));
      expect(watched.weights).toEqual(plain.weights);
      expect(watched.position).toEqual({ ...plain.position, metricsLines: watched.position!.metricsLines });
    });
  });

  it('keeps the model as it came where no step was better, also when it was stopped in between', async () => {
    const good = new MemoryStorage();
    await run(good);
    const learned = createParameterStore(parameterSpecifications(configuration));
    for (const [name, view] of learned.views) view.set(good.weights.get(name)!);
    const spoiling = { learningRate: 5, steps: 12, evaluateEvery: 4 };
    const more = { pretrained: storedWeights(learned) };
    const whole = new MemoryStorage();
    const result = await run(whole, spoiling, silentContext, more);
    expect(result.bestStep).toBe(0);
    expect(result.bestValidationLoss).toBe(result.initialValidationLoss);
    expect(result.finalValidationLoss).toBeGreaterThan(result.initialValidationLoss);
    expect(whole.weights).toEqual(good.weights);
    const resumed = new MemoryStorage();
    await expect(run(resumed, spoiling, stopAfter(6), more)).rejects.toThrow(InterruptedError);
    expect(await run(resumed, spoiling, silentContext, more)).toEqual(result);
    expect(resumed.weights).toEqual(good.weights);
  });

  it('trains as one large batch would when gradients add up', async () => {
    const large = await run(new MemoryStorage(), { batchSize: 8, steps: 4 });
    const parts = await run(new MemoryStorage(), { batchSize: 4, accumulateGradients: 2, steps: 4 });
    expect(parts.finalValidationLoss).toBeCloseTo(large.finalValidationLoss, 4);
    expect(parts.epochs).toBe(large.epochs);
  });

  it('trains adapters over frozen weights and saves them merged', async () => {
    const pretrained = createParameterStore(parameterSpecifications(configuration));
    initializeParameters(pretrained, 9);
    const storage = new MemoryStorage();
    const result = await run(storage, { loraRank: 4, learningRate: 3e-2 }, silentContext, {
      pretrained: storedWeights(pretrained),
    });
    expect(result.trainedParameters).toBeLessThan(result.parameters / 4);
    expect(result.bestValidationLoss).toBeLessThan(result.initialValidationLoss - 0.1);
    const saved = storage.weights;
    expect(saved.get('wte.weight')).toEqual(pretrained.views.get('wte.weight'));
    expect(saved.get('h.0.mlp.c_fc.weight')).not.toEqual(pretrained.views.get('h.0.mlp.c_fc.weight'));
    const adapters = {
      ...createParameterStore(loraSpecifications(configuration, 4)),
      views: storage.adapter!,
    };
    for (const [name, values] of saved) expect(mergedWithLora(pretrained, adapters, name)).toEqual(values);
  });

  // Devices have no products in 8 bits.
  it.skipIf(smallTraining.engine.memory)(
    'trains adapters over frozen matrices in 8 bits, and evaluates what it saves in float32',
    async () => {
      const adapters = { loraRank: 4, learningRate: 3e-2 };
      const whole = await run(new MemoryStorage(), adapters);
      const storage = new MemoryStorage();
      const result = await run(storage, { ...adapters, frozenPrecision: 'int8' });
      expect(result.initialValidationLoss).toBe(whole.initialValidationLoss);
      expect(result.bestValidationLoss).not.toBe(whole.bestValidationLoss);
      expect(Math.abs(result.bestValidationLoss / whole.bestValidationLoss - 1)).toBeLessThan(0.01);
      const saved = createParameterStore(parameterSpecifications(configuration));
      for (const [name, view] of saved.views) view.set(storage.weights.get(name)!);
      const again = await run(new MemoryStorage(), { steps: 1 }, silentContext, {
        pretrained: storedWeights(saved),
      });
      expect(again.initialValidationLoss).toBeCloseTo(result.bestValidationLoss, 5);
    },
  );

  it('says so when there is nothing to train on', async () => {
    const empty = { offsets: new Uint32Array(1), tokensOf: () => new Uint16Array(0) };
    const training = run(new MemoryStorage(), {}, silentContext, {
      data: { train: empty, validation: data.validation },
    });
    await expect(training).rejects.toThrow('Too few titles to train: 0 for training, 40 held out.');
  });

  it('says so when the titles are too long for the model, instead of asking for more of them', async () => {
    const empty = { offsets: new Uint32Array(1), tokensOf: () => new Uint16Array(0) };
    const training = run(new MemoryStorage(), {}, silentContext, {
      data: { train: empty, validation: empty, tooLong: 7 },
    });
    const most = configuration.contextLength - 1;
    await expect(training).rejects.toMatchObject({
      code: 'titles-too-long',
      message: expect.stringContaining(`7 more have over ${most} tokens`),
      hint: expect.not.stringContaining('more titles'),
    });
  });
});

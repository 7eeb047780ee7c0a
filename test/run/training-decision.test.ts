import { expect, test } from 'vitest';
import { plannedSteps } from '../../src/model/training/training-plan.js';
import type { RunOptions } from '../../src/options/option-table.js';
import { defaultOptions } from '../../src/options/option-values.js';
import { decideOptions } from '../../src/run/decided-options.js';
import { decideTrainingOptions, rateNote } from '../../src/run/training-decision.js';

const decide = (model: string, given: Partial<RunOptions> = {}) =>
  decideTrainingOptions(model, { ...defaultOptions(), ...given });

test('a small model from scratch learns faster and longer than pretrained weights', () => {
  expect(decide('nano')).toEqual({
    seed: 1,
    steps: undefined,
    maxEpochs: 5,
    minimumSteps: 300,
    batchSize: 16,
    accumulateGradients: 1,
    rowLength: undefined,
    learningRate: 2e-3,
    warmupSteps: 50,
    schedule: 'cosine',
    weightDecay: 0.1,
    clipNorm: 1,
    dropout: 0,
    onlyTrainTransformerLayers: false,
    loraRank: undefined,
    recompute: false,
    mixedPrecision: 'off',
    saveEvery: 50,
    sampleEvery: 100,
    printEvery: 10,
    evaluateEvery: 50,
    patience: 4,
  });
  expect(decide('scratch', { width: 64, heads: 4 })).toEqual(decide('nano'));
  expect(decide('124M')).toMatchObject({
    maxEpochs: 4,
    minimumSteps: 0,
    learningRate: 1e-4,
    warmupSteps: 20,
    weightDecay: 0.01,
    saveEvery: 100,
    patience: 3,
  });
});

test('adapters of pretrained weights learn faster', () => {
  expect(decide('124M', { loraRank: 8 })).toMatchObject({
    learningRate: 1e-3,
    weightDecay: 0.01,
    loraRank: 8,
  });
  expect(decide('smollm2')).toMatchObject({ learningRate: 3e-4, maxEpochs: 2, weightDecay: 0.01 });
  expect(decide('smollm2', { loraRank: 8 })).toMatchObject({ learningRate: 3e-3, maxEpochs: 2 });
  expect(decide('nano', { loraRank: 8 }).learningRate).toBe(2e-3);
});

test('a Llama that has no rate of its own is said to have that of GPT-2', () => {
  const llama = { keyValueHeads: 1, headWidth: 2, innerWidth: 4, rotary: { base: 1e4 }, tiedOutput: true };
  const note = (
    model: string,
    options: Partial<RunOptions> = {},
    shape: { llama?: typeof llama } = { llama },
  ) => rateNote(model, shape, { ...defaultOptions(), ...options }, 1e-4);
  expect(note('models/llama.gguf')).toMatch(
    /rate is 0\.0001, as for GPT-2: of SmolLM2-135M 0\.0003 was best \(/,
  );
  expect(note('constructor', { loraRank: 8 })).toMatch(/0\.003 was best with adapters/);
  expect(note('smollm2')).toBeUndefined();
  expect(note('models/llama.gguf', { learningRate: 1e-4 })).toBeUndefined();
  expect(note('models/gpt2', {}, {})).toBeUndefined();
});

test('the base model has defaults of its own, and what it has none for from other pretrained models', () => {
  expect(decide('base')).toMatchObject({
    maxEpochs: 3,
    minimumSteps: 240,
    minimumStepsEpochs: 6,
    learningRate: 1e-4,
    dropout: 0.1,
    weightDecay: 0.01,
    patience: 3,
  });
  expect(decide('base', { loraRank: 16 })).toMatchObject({ learningRate: 1e-3, dropout: 0.1, loraRank: 16 });
  expect(decide('base', { dropout: 0 }).dropout).toBe(0);
});

test('what is given comes first, zero too', () => {
  const given = {
    learningRate: 0.5,
    warmupSteps: 0,
    weightDecay: 0,
    sampleEvery: 0,
    mixedPrecision: 'float16',
  } as const;
  expect(decide('124M', given)).toMatchObject(given);
});

test('steps or epochs that are asked for are made, no fewer and no more', () => {
  expect(decide('nano', { steps: 7 })).toMatchObject({ steps: 7, patience: undefined });
  expect(decide('nano', { steps: 7, patience: 2 }).patience).toBe(2);
  expect(decide('nano', { maxEpochs: 1 })).toMatchObject({ maxEpochs: 1, minimumSteps: 0, patience: 4 });
  expect(plannedSteps(1000, decide('base', { maxEpochs: 8 }))).toBe(500);
});

test('the held-out loss ends a training unless copies alone do', () => {
  expect(decide('nano', { stopWhen: 'loss', steps: 7 }).patience).toBeUndefined();
  expect(decide('nano', { stopWhen: 'copies' }).patience).toBeUndefined();
  expect(decide('nano', { stopWhen: 'both' }).patience).toBe(4);
  expect(decide('nano', { stopWhen: 'both', steps: 7 }).patience).toBe(4);
});

test('samples are part of what a training is only where they may end it', async () => {
  const optionsOf = (given: Partial<RunOptions>) =>
    decideOptions('finetune', { ...defaultOptions(), ...given }, { model: 'nano' });
  const plain = await optionsOf({});
  expect(plain).not.toHaveProperty('stopWhen');
  expect(await optionsOf({ stopWhen: 'loss', sampleNum: 50, sampleEvery: 20 })).toEqual(plain);
  const samples = { sampleEvery: 100, sampleNum: 50, sampleLength: 64 };
  expect(await optionsOf({ stopWhen: 'both', sampleNum: 50 })).toEqual({
    ...plain,
    stopWhen: 'both',
    ...samples,
  });
});

test.each([
  // 16 rows a step: six passes of few rows, three of many, and 240 steps between.
  ['base', 16, 6],
  ['base', 320, 120],
  ['base', 800, 240],
  ['base', 1600, 300],
  ['nano', 160, 300],
  ['nano', 1600, 500],
  ['124M', 160, 40],
])('%s makes of %i rows %i steps', (model, rows, steps) => {
  expect(plannedSteps(rows, decide(model))).toBe(steps);
});

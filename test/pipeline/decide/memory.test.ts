import { describe, expect, test } from 'vitest';
import { estimatedTrainingBytes, minimumTrainingBytes } from '../../../src/model/training/memory-estimate.js';
import { nanoConfiguration } from '../../../src/model/transformer/configuration.js';
import { publishedShape } from '../../../src/model/weights/model-name.js';
import {
  availableMemory,
  checkKnownModel,
  checkTrainingMemory,
  machineMemory,
} from '../../../src/pipeline/decide/memory.js';

const all = { loraRank: undefined, onlyTrainTransformerLayers: false };

describe('memory of a training', () => {
  // Parameters as Hugging Face's libraries count them.
  test.each([
    ['distil', 81_912_576],
    ['124M', 124_439_808],
    ['355M', 354_823_168],
    ['774M', 774_030_080],
    ['1558M', 1_557_611_200],
    ['smollm2', 134_515_008],
    ['smollm2-360M', 361_821_120],
  ])('of %s is four times its parameters at least', (name, parameters) => {
    expect(minimumTrainingBytes(publishedShape(name)!, all)).toBe(16 * parameters);
  });

  test('is less for adapters, and more with a batch', () => {
    const shape = publishedShape('124M')!;
    const adapters = minimumTrainingBytes(shape, { ...all, loraRank: 8 });
    expect(adapters).toBeGreaterThan(4 * 124_439_808);
    expect(adapters).toBeLessThan(5 * 124_439_808);
    const inBlocks = 12 * 12 * 768 * 768;
    const rounded = minimumTrainingBytes(shape, { ...all, loraRank: 8, frozenPrecision: 'int8' });
    // The first matrix of all, through which no gradient goes, has no transposed form.
    expect(rounded - adapters).toBe(2 * inBlocks - 3 * 768 * 768 + 50_257 * 768);
    const batch = { ...all, batchSize: 16, rowLength: 64 };
    const likely = estimatedTrainingBytes(shape, batch);
    expect(likely).toBeGreaterThan(minimumTrainingBytes(shape, all));
  });

  // Peaks by /usr/bin/time of a step of nano on 3,300 tokens, in kilobytes.
  test.each([
    [128, 64, 1_216_996],
    [512, 64, 3_920_164],
    [1024, 64, 7_649_624],
    [512, 128, 8_361_996],
  ])('with %d rows of %d tokens is estimated within 15 %%', (batchSize, rowLength, peak) => {
    const estimate = estimatedTrainingBytes(nanoConfiguration(3300), { ...all, batchSize, rowLength });
    expect(Math.abs(estimate / (1024 * peak) - 1)).toBeLessThan(0.15);
  });

  // Peak of `bench finetune/step --model smollm2`, in kilobytes.
  test('of SmolLM2-135M with 16 rows of 64 tokens is estimated within 20 %', () => {
    const estimate = estimatedTrainingBytes(publishedShape('smollm2')!, {
      ...all,
      batchSize: 16,
      rowLength: 64,
    });
    expect(Math.abs(estimate / (1024 * 3_410_128) - 1)).toBeLessThan(0.2);
  });

  test('that a batch would exceed is refused with what to lower', () => {
    const batch = { batchSize: 4096, rowLength: 64 };
    const check = (): void => checkTrainingMemory('nano', nanoConfiguration(3300), all, batch, 16e9);
    expect(check).toThrow(
      'Training nano with 4096 rows of 64 tokens in a batch takes some 31.0 GB of memory',
    );
    const lower = { ...batch, batchSize: 1024 };
    expect(() => checkTrainingMemory('nano', nanoConfiguration(3300), all, lower, 16e9)).not.toThrow();
  });

  test('that a machine does not have is refused in one line', () => {
    const shape = publishedShape('1558M')!;
    const check = (): void => checkTrainingMemory('1558M', shape, all, undefined, 16e9);
    expect(check).toThrow('Training 1558M needs at least 24.9 GB of memory, but this machine has 16.0 GB.');
    expect(() => checkTrainingMemory('1558M', shape, { ...all, loraRank: 8 }, undefined, 16e9)).not.toThrow();
  });

  test('of a model from scratch follows from its sizes, before there is a vocabulary', () => {
    const sizes = { width: 16_384, layers: 200, heads: 8 };
    const check = (model: string): void => checkKnownModel(model, { ...all, ...sizes });
    expect(() => check('scratch')).toThrow(
      /^Training a GPT-2 of 200 × 16384 channels needs at least 10\.3 TB/,
    );
    expect(() => check('nano')).not.toThrow();
    expect(() => check('auto')).not.toThrow();
  });

  test('is bounded by the machine', () => {
    expect(machineMemory()).toBeGreaterThan(1e8);
    expect(availableMemory()).toBeLessThanOrEqual(machineMemory());
  });
});

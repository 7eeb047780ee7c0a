import { describe, expect, test } from 'vitest';
import { estimatedTrainingBytes, minimumTrainingBytes } from '../../../src/model/training/memory-estimate.js';
import { publishedShape } from '../../../src/model/weights/model-name.js';
import { availableMemory, checkTrainingMemory, machineMemory } from '../../../src/pipeline/decide/memory.js';

const all = { loraRank: undefined, onlyTrainTransformerLayers: false };

describe('memory of a training', () => {
  // Parameters as Hugging Face's libraries count them.
  test.each([
    ['distil', 81_912_576],
    ['124M', 124_439_808],
    ['355M', 354_823_168],
    ['774M', 774_030_080],
    ['1558M', 1_557_611_200],
  ])('of %s is four times its parameters at least', (name, parameters) => {
    expect(minimumTrainingBytes(publishedShape(name)!, all)).toBe(16 * parameters);
  });

  test('is less for adapters, and more with a batch', () => {
    const shape = publishedShape('124M')!;
    const adapters = minimumTrainingBytes(shape, { ...all, loraRank: 8 });
    expect(adapters).toBeGreaterThan(4 * 124_439_808);
    expect(adapters).toBeLessThan(5 * 124_439_808);
    const batch = { ...all, batchSize: 16, rowLength: 64, recompute: false };
    const likely = estimatedTrainingBytes(shape, batch);
    expect(likely).toBeGreaterThan(minimumTrainingBytes(shape, all));
    expect(estimatedTrainingBytes(shape, { ...batch, recompute: true })).toBeLessThan(likely);
  });

  test('that a machine does not have is refused in one line', () => {
    const shape = publishedShape('1558M')!;
    const check = (): void => checkTrainingMemory('1558M', shape, all, 16e9);
    expect(check).toThrow('Training 1558M needs at least 24.9 GB of memory, but this machine has 16.0 GB.');
    expect(() => checkTrainingMemory('1558M', shape, { ...all, loraRank: 8 }, 16e9)).not.toThrow();
  });

  test('is bounded by the machine', () => {
    expect(machineMemory()).toBeGreaterThan(1e8);
    expect(availableMemory()).toBeLessThanOrEqual(machineMemory());
  });
});

import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { silentContext, type WorkContext } from '../../../src/common/progress.js';
import type { TrainingOptions } from '../../../src/model/training/training-options.js';
import type { MetricsLine } from '../../../src/model/training/training-storage.js';
import { readConfiguration, readWeights } from '../../../src/model/weights/checkpoint.js';
import { finetune } from '../../../src/pipeline/library/finetune.js';
import { options, smallTraining, stopAfter } from '../../model/training/small-training.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finetune-'));
});
afterAll(() => rm(folder, { recursive: true }));

function run(name: string, changed: Partial<TrainingOptions> = {}, context: WorkContext = silentContext) {
  const checkpointFolder = join(folder, name);
  const input = {
    ...smallTraining,
    checkpointFolder,
    metricsPath: join(folder, `${name}.jsonl`),
    options: { ...options, ...changed },
  };
  return finetune(input, context);
}

const bytes = (...path: string[]): Promise<Buffer> => readFile(join(folder, ...path));

async function metrics(name: string): Promise<Omit<MetricsLine, 'tokensPerSecond'>[]> {
  const lines = (await bytes(`${name}.jsonl`)).toString().trim().split('\n');
  return lines.map((line) => {
    const { tokensPerSecond, ...rest } = JSON.parse(line) as MetricsLine;
    expect(tokensPerSecond).toBeGreaterThan(0);
    return rest;
  });
}

describe('finetune', () => {
  it('keeps the best weights, the state, and a line of metrics for each evaluation', async () => {
    const result = await run('whole');
    const evaluated = (await metrics('whole')).filter((line) => line.validationLoss !== undefined);
    expect(evaluated.map((line) => line.step)).toEqual([8, 16, 24]);
    expect(Math.min(...evaluated.map((line) => line.validationLoss!))).toBe(result.bestValidationLoss);
    const summary = JSON.parse((await bytes('whole', 'training.json')).toString());
    expect(summary).toMatchObject({ step: 24, bestValidationLoss: result.bestValidationLoss });
    expect(summary).toMatchObject({ options: { seed: 5 }, plan: { rowLength: 64 } });
    const kept = await readWeights(join(folder, 'whole'), await readConfiguration(join(folder, 'whole')));
    expect(kept.flat.some((value) => value !== 0)).toBe(true);
  });

  it.each([[1], [7], [8], [13], [23]])(
    'stopped after %i steps and started again, ends with the same bytes',
    async (steps) => {
      const name = `stopped-${steps}`;
      await expect(run(name, {}, stopAfter(steps))).rejects.toThrow(InterruptedError);
      await run(name);
      for (const file of ['model.safetensors', 'optimizer.safetensors', 'config.json', 'vocab.json']) {
        expect((await bytes(name, file)).equals(await bytes('whole', file)), file).toBe(true);
      }
      expect(await metrics(name)).toEqual(await metrics('whole'));
    },
  );

  it.each<[string, Partial<TrainingOptions>]>([
    ['dropout and accumulated gradients', { dropout: 0.1, accumulateGradients: 2 }],
    ['adapters', { loraRank: 2, dropout: 0.1 }],
    ['adapters over int8', { loraRank: 2, frozenPrecision: 'int8', accumulateGradients: 2 }],
    ['the blocks alone, recomputed', { onlyTrainTransformerLayers: true, recompute: true }],
  ])(
    'with %s ends with the same bytes after a stop too, and with others than without',
    async (_, changed) => {
      const name = Object.keys(changed).join('-');
      await run(name, changed);
      await expect(run(`${name}-stopped`, changed, stopAfter(7))).rejects.toThrow(InterruptedError);
      await run(`${name}-stopped`, changed);
      for (const file of ['model.safetensors', 'optimizer.safetensors']) {
        const expected = await bytes(name, file);
        expect((await bytes(`${name}-stopped`, file)).equals(expected), file).toBe(true);
        expect((await bytes('whole', file)).equals(expected), file).toBe(false);
      }
    },
  );

  it('says so when the saved state is damaged', async () => {
    await expect(run('damaged', {}, stopAfter(2))).rejects.toThrow(InterruptedError);
    const path = join(folder, 'damaged', 'optimizer.safetensors');
    await truncate(path, 5000);
    await expect(run('damaged')).rejects.toThrow(/optimizer\.safetensors: .*(does not fit|header)/);
  });
});

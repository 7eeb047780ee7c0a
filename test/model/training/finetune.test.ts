import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { silentContext, type WorkContext } from '../../../src/common/progress.js';
import { createRandom } from '../../../src/common/random.js';
import { restrictedTokenizer } from '../../../src/model/tokenizer/restricted.js';
import { finetune } from '../../../src/model/training/finetune.js';
import { tokenizeTitles } from '../../../src/model/training/tokens.js';
import type { MetricsLine, TrainingOptions } from '../../../src/model/training/training-options.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import {
  createParameterStore,
  initializeParameters,
  parameterSpecifications,
} from '../../../src/model/transformer/parameters.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import { readConfiguration, readWeights } from '../../../src/model/weights/checkpoint.js';
import { testEngine as engine } from '../test-engine.js';

/** Titles of a small grammar: learnable in some dozens of steps. */
function titles(count: number, seed: number): string[] {
  const random = createRandom(seed, 'grammar');
  const pick = (words: string): string => {
    const list = words.split(' ');
    return list[random.integer(list.length)]!;
  };
  return Array.from(
    { length: count },
    () =>
      `Why does my ${pick('red blue old new')} ${pick('cat dog car boat')} ${pick('sing sleep stop')} at ${pick('night noon')}`,
  );
}

const tokenizer = restrictedTokenizer(titles(200, 1));
const [train, validation] = [titles(200, 1), titles(40, 2)].map(
  (list) => tokenizeTitles(list, tokenizer, { maximumTokens: 40 }).titles,
);
const data = { train: train!, validation: validation! };
const configuration: TransformerConfiguration = {
  vocabularySize: tokenizer.vocabularySize,
  contextLength: 64,
  width: 32,
  layers: 2,
  heads: 2,
  layerNormEpsilon: 1e-5,
};
const options: TrainingOptions = {
  seed: 5,
  steps: 24,
  maximumEpochs: 1,
  minimumSteps: 0,
  batchSize: 4,
  accumulateGradients: 1,
  rowLength: 64,
  learningRate: 1e-2,
  warmupSteps: 4,
  schedule: 'cosine',
  weightDecay: 0.1,
  clipNorm: 1,
  dropout: 0,
  onlyTrainTransformerLayers: false,
  loraRank: undefined,
  recompute: false,
  mixedPrecision: 'off',
  evaluateEvery: 8,
  saveEvery: 6,
  printEvery: 5,
  patience: undefined,
  threads: 2,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finetune-'));
});
afterAll(() => rm(folder, { recursive: true }));

function run(
  name: string,
  changed: Partial<TrainingOptions> = {},
  context: WorkContext = silentContext,
  more = {},
) {
  const checkpointFolder = join(folder, name);
  const input = {
    engine,
    data,
    tokenizer,
    configuration,
    pretrained: undefined,
    checkpointFolder,
    metricsPath: join(folder, `${name}.jsonl`),
    options: { ...options, ...changed },
    ...more,
  };
  return finetune(input, context);
}

/** Asks to stop after so many training steps. */
function stopAfter(steps: number): WorkContext {
  let done = 0;
  return {
    onProgress: (event) => {
      if (event.kind === 'progress' && event.label === 'train') done++;
    },
    signal: {
      get aborted() {
        return done >= steps;
      },
    },
  };
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
  it('learns, measures on held-out titles and keeps the best weights', async () => {
    const result = await run('whole');
    expect(result).toMatchObject({ steps: 24, stopReason: 'steps', rowLength: 64 });
    expect(result.initialValidationLoss).toBeGreaterThan(Math.log(configuration.vocabularySize) * 0.9);
    expect(result.bestValidationLoss).toBeLessThan(result.initialValidationLoss / 2);
    const evaluated = (await metrics('whole')).filter((line) => line.validationLoss !== undefined);
    expect(evaluated.map((line) => line.step)).toEqual([8, 16, 24]);
    expect(Math.min(...evaluated.map((line) => line.validationLoss!))).toBe(result.bestValidationLoss);
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

  it('stops when the validation loss no longer falls', async () => {
    const result = await run('patience', { learningRate: 1e-9, steps: 100, evaluateEvery: 2, patience: 3 });
    expect(result.stopReason).toBe('patience');
    expect(result.steps).toBeLessThan(100);
  });

  it('trains as one large batch would when gradients add up', async () => {
    const large = await run('large', { batchSize: 8, steps: 4 });
    const parts = await run('parts', { batchSize: 4, accumulateGradients: 2, steps: 4 });
    expect(parts.finalValidationLoss).toBeCloseTo(large.finalValidationLoss, 4);
    expect(parts.epochs).toBe(large.epochs);
  });

  it('trains adapters over frozen weights and saves them merged', async () => {
    const pretrained = createParameterStore(parameterSpecifications(configuration));
    initializeParameters(pretrained, 9);
    const result = await run('adapters', { loraRank: 4, learningRate: 3e-2 }, silentContext, {
      pretrained: storedWeights(pretrained),
    });
    expect(result.trainedParameters).toBeLessThan(result.parameters / 4);
    expect(result.bestValidationLoss).toBeLessThan(result.initialValidationLoss - 0.1);
    const saved = await readWeights(join(folder, 'adapters'), configuration);
    expect(saved.views.get('wte.weight')).toEqual(pretrained.views.get('wte.weight'));
    expect(saved.views.get('h.0.mlp.c_fc.weight')).not.toEqual(pretrained.views.get('h.0.mlp.c_fc.weight'));
  });

  it('says so when there is nothing to train on', async () => {
    const empty = { tokens: new Uint16Array(0), offsets: new Uint32Array(1) };
    const training = run('empty', {}, silentContext, { data: { train: empty, validation: data.validation } });
    await expect(training).rejects.toThrow('Too few titles to train: 0 for training, 40 held out.');
  });

  it('says so when the saved state is damaged', async () => {
    await expect(run('damaged', {}, stopAfter(2))).rejects.toThrow(InterruptedError);
    const path = join(folder, 'damaged', 'optimizer.safetensors');
    const { truncate } = await import('node:fs/promises');
    await truncate(path, 5000);
    await expect(run('damaged')).rejects.toThrow(/optimizer\.safetensors: .*(does not fit|header)/);
  });
});

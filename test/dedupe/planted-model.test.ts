import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentContext } from '../../src/common/progress.js';
import { createRandom } from '../../src/common/random.js';
import { dedupe } from '../../src/dedupe/dedupe.js';
import { overfitStatistics } from '../../src/dedupe/verdict/statistics.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { generationDefaults } from '../../src/model/generation/generation-options.js';
import { generateTexts } from '../../src/model/generation/generation-request.js';
import { restrictedTokenizer } from '../../src/model/tokenizer/restricted.js';
import { tokenizeTitles } from '../../src/model/tokenizer/tokenized-titles.js';
import { openDecodeSession } from '../../src/model/transformer/decode-session.js';
import { storedWeights } from '../../src/model/transformer/weight-source.js';
import { readConfiguration, readWeights } from '../../src/model/weights/checkpoint.js';
import { finetune } from '../../src/pipeline/library/finetune.js';
import { InventedLanguage } from './invented-titles.js';

const language = new InventedLanguage(3);
const heldOut = language.titles(200, createRandom(3, 'held out'));
const engine = createOnnxRuntimeEngine({ threads: 2 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planted-model-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Trains a small GPT-2 from scratch on titles of the language, and judges 150 titles that it makes up. */
async function trainAndJudge(name: string, titles: number, steps: number) {
  const train = language.titles(titles, createRandom(3, 'train'));
  const tokenizer = restrictedTokenizer(train);
  const configuration = {
    vocabularySize: tokenizer.vocabularySize,
    contextLength: 64,
    width: 64,
    layers: 2,
    heads: 2,
    layerNormEpsilon: 1e-5,
  };
  const checkpointFolder = join(folder, name);
  const tokens = (list: readonly string[]) => tokenizeTitles(list, tokenizer, { maximumTokens: 63 }).titles;
  const result = await finetune(
    {
      engine,
      data: { train: tokens(train), validation: tokens(train.slice(0, 40)) },
      tokenizer,
      configuration,
      pretrained: undefined,
      checkpointFolder,
      metricsPath: join(folder, `${name}.jsonl`),
      options: {
        seed: 1,
        steps,
        maxEpochs: 1,
        minimumSteps: 0,
        batchSize: 16,
        accumulateGradients: 1,
        rowLength: 64,
        learningRate: 4e-3,
        warmupSteps: 10,
        schedule: 'cosine',
        weightDecay: 0,
        clipNorm: 1,
        dropout: 0,
        onlyTrainTransformerLayers: false,
        loraRank: undefined,
        frozenPrecision: undefined,
        recompute: false,
        mixedPrecision: 'off',
        evaluateEvery: steps,
        saveEvery: steps,
        printEvery: steps,
        patience: undefined,
      },
    },
    silentContext,
  );
  const saved = await readConfiguration(checkpointFolder);
  const weights = storedWeights(await readWeights(checkpointFolder, saved));
  const session = await openDecodeSession(engine, configuration, weights, { slots: 32, capacity: 64 });
  const outputs: { index: number; text: string }[] = [];
  const options = { ...generationDefaults, nsamples: 150, length: 63, temperature: 1, seed: 1 };
  for await (const text of generateTexts(session, tokenizer, options, silentContext)) outputs.push(text);
  await session.dispose();
  const judgement = await dedupe(outputs, train, { heldOut, threshold: 'auto' });
  const { verdicts, heldOut: rated, membership } = judgement;
  return { loss: result.finalValidationLoss, ...overfitStatistics(verdicts, rated, { membership }) };
}

describe('a small GPT-2', () => {
  it('that was trained until its loss on what it learned is near zero is called a memoriser', async () => {
    const { loss, verdict, outputs, heldOut: baseline } = await trainAndJudge('memoriser', 60, 250);
    expect(loss).toBeLessThan(0.4);
    expect(outputs.copies.share).toBeGreaterThan(0.7);
    expect(baseline.copies.share).toBeLessThanOrEqual(0.01);
    expect(verdict).toBe('overfits');
  });

  // It writes broken words still.
  it('that saw many titles a few times is not called one', async () => {
    const { verdict, outputs } = await trainAndJudge('healthy', 3000, 120);
    expect(['healthy', 'unknown', 'underfits']).toContain(verdict);
    expect(outputs.copies.share).toBeLessThan(0.05);
  });
});

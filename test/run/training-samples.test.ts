import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ProgressEvent, silentContext } from '../../src/common/progress.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { restrictedTokenizer } from '../../src/model/tokenizer/restricted.js';
import { tokenizeTitles } from '../../src/model/tokenizer/tokenized-titles.js';
import {
  createParameterStore,
  initializeParameters,
  parameterSpecifications,
} from '../../src/model/transformer/parameters.js';
import { openSafetensorsModel } from '../../src/model/weights/safetensors.js';
import { defaultOptions } from '../../src/options/option-values.js';
import { finetune } from '../../src/pipeline/library/finetune.js';
import { decideTrainingOptions } from '../../src/run/training-decision.js';
import { sampleJudge, trainingSamples } from '../../src/run/training-samples.js';
import { madeUpTitles } from '../cli/titles.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titlesmith-samples-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('samples show by the share of near copies that a model begins to recite', async () => {
  const engine = createOnnxRuntimeEngine({ threads: 2 });
  const all = madeUpTitles(40);
  const titles = { train: all.slice(0, 30), validation: all.slice(30) };
  const tokenizer = restrictedTokenizer(titles.train);
  const configuration = {
    vocabularySize: tokenizer.vocabularySize,
    contextLength: 64,
    width: 64,
    layers: 2,
    heads: 2,
    layerNormEpsilon: 1e-5,
  };
  const kept = new Map<number, string>();
  const keep = async (step: number, lines: string): Promise<void> => void kept.set(step, lines);
  const settings = { keep, every: 100, seed: 1, texts: 20, length: 40 };
  const model = { configuration, tokenizer, judge: () => sampleJudge(titles) };
  const tokens = (list: readonly string[]) => tokenizeTitles(list, tokenizer, { maximumTokens: 63 }).titles;
  const steps = { steps: 200, printEvery: 100, evaluateEvery: 200, saveEvery: 200, learningRate: 4e-3 };
  const { sampleEvery: _, ...options } = decideTrainingOptions('nano', { ...defaultOptions(), ...steps });
  const metricsPath = join(folder, 'metrics.jsonl');
  const said: ProgressEvent[] = [];
  const input = {
    engine,
    data: { train: tokens(titles.train), validation: tokens(titles.validation) },
    tokenizer,
    configuration,
    pretrained: undefined,
    checkpointFolder: join(folder, 'checkpoint'),
    metricsPath,
    options,
    samples: trainingSamples(engine, model, settings, { onProgress: (event) => said.push(event) }),
  };
  // Before it learned anything, it says nothing that could be a copy.
  const untrained = createParameterStore(parameterSpecifications(configuration));
  initializeParameters(untrained, 1);
  expect(await input.samples.take(0, (name) => untrained.views.get(name)!)).toEqual({
    samples: 20,
    copies: 0,
  });
  await finetune(input, silentContext);

  expect([...kept.keys()]).toEqual([0, 100, 200]);
  const lines = (await readFile(metricsPath, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const sampled = lines.filter(({ nearCopyShare }) => nearCopyShare !== undefined);
  expect(sampled.map(({ step, samples }) => [step, samples])).toEqual([
    [100, 20],
    [200, 20],
  ]);
  const { copies, nearCopyShare } = sampled[1];
  expect(nearCopyShare).toBe(copies / 20);
  expect(nearCopyShare).toBeGreaterThan(0.7);
  // Wilson's interval of none of twenty.
  expect(said[0]).toMatchObject({ message: 'Step 0: 0 of 20 samples are copies (0%; 95%: 0% to 16.1%)' });
  const [figures, ...first] = said.slice(-4).map((event) => (event.kind === 'note' ? event.message : ''));
  expect(figures).toContain(`Step 200: ${copies} of 20 samples`);
  const texts = (kept.get(200) ?? '').trimEnd().split('\n');
  expect(texts).toHaveLength(settings.texts);
  // The first three are shown, as they are kept.
  expect(first).toEqual(texts.slice(0, 3).map((text) => `  ${text.trim()}`));
  const recited = texts.filter((text) => titles.train.includes(text)).length;
  expect(copies).toBeGreaterThanOrEqual(recited);
  expect(recited).toBeGreaterThan(settings.texts / 2);

  // Had these been canaries, and other titles the run's, as many would be told.
  const planted = {
    ...model,
    judge: () => sampleJudge({ train: ['nothing alike'], validation: [] }, titles.train),
  };
  const trained = createParameterStore(parameterSpecifications(configuration));
  const weights = await openSafetensorsModel(input.checkpointFolder, configuration);
  for (const [name, values] of trained.views) await weights.read(name, values);
  await weights.close();
  const sampledAgain = trainingSamples(engine, planted, settings);
  const { copies: canaries } = await sampledAgain.take(300, (name) => trained.views.get(name)!);
  expect(canaries).toBeGreaterThan(settings.texts / 2);
});

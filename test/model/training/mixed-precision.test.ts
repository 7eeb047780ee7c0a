import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { type ProgressEvent, silentContext, type WorkContext } from '../../../src/common/progress.js';
import { restrictedTokenizer } from '../../../src/model/tokenizer/restricted.js';
import { finetune } from '../../../src/model/training/finetune.js';
import { gradientName, lossScaleName, trainingGraph } from '../../../src/model/training/loss-graph.js';
import { afterStep, initialLossScaling, type LossScaling } from '../../../src/model/training/loss-scale.js';
import {
  loadResumeState,
  saveResumeState,
  type TrainingPosition,
} from '../../../src/model/training/resume-state.js';
import { tokenizeTitles } from '../../../src/model/training/tokens.js';
import { createTrainableModel } from '../../../src/model/training/trainable.js';
import type { MetricsLine, TrainingOptions } from '../../../src/model/training/training-options.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import {
  createParameterStore,
  type ParameterStore,
  parameterSpecifications,
} from '../../../src/model/transformer/parameters.js';
import { samplePosts } from '../../../tools/sample/posts.js';
import { deviceUnderTest, testEngine as engine, hasFloat16 } from '../test-engine.js';
import { oracle, oracleFeeds, oracleParameters } from '../transformer/oracle.js';

/** What test/oracles/gpt2/make_autocast.py wrote. */
const autocast = JSON.parse(
  readFileSync(new URL('../../oracles/gpt2/gpt2-tiny-autocast.json', import.meta.url), 'utf8'),
) as { readonly gradientErrors: Readonly<Record<string, number>> };

/** The processor leaves the roundings out and computes all the rest. */
const computes = hasFloat16 || deviceUnderTest === undefined;

const posts = samplePosts().filter(({ subreddit }) => subreddit === 'AskReddit');
const titles = [...new Set(posts.map(({ title }) => title))]
  .filter((title) => title.length < 60)
  .slice(0, 220);
const tokenizer = restrictedTokenizer(titles);
const [train, validation] = [titles.slice(40), titles.slice(0, 40)].map(
  (list) => tokenizeTitles(list, tokenizer, { maximumTokens: 40 }).titles,
);
const configuration: TransformerConfiguration = {
  vocabularySize: tokenizer.vocabularySize,
  contextLength: 64,
  width: 32,
  layers: 1,
  heads: 2,
  layerNormEpsilon: 1e-5,
};
const options: TrainingOptions = {
  seed: 5,
  steps: 8,
  maximumEpochs: 1,
  minimumSteps: 0,
  batchSize: 2,
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
  mixedPrecision: 'float16',
  evaluateEvery: 4,
  saveEvery: 4,
  printEvery: 1,
  patience: undefined,
  threads: 2,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mixed-'));
});
afterAll(() => rm(folder, { recursive: true }));

function run(name: string, changed: Partial<TrainingOptions> = {}, context: WorkContext = silentContext) {
  return finetune(
    {
      engine,
      data: { train: train!, validation: validation! },
      tokenizer,
      configuration,
      pretrained: undefined,
      checkpointFolder: join(folder, name),
      metricsPath: join(folder, `${name}.jsonl`),
      options: { ...options, ...changed },
    },
    context,
  );
}

/** Asks to stop after so many steps, and keeps what was said. */
function stopAfter(steps: number): WorkContext & { readonly notes: string[] } {
  let done = 0;
  const notes: string[] = [];
  return {
    notes,
    onProgress: (event: ProgressEvent) => {
      if (event.kind === 'note') notes.push(event.message);
      else if (event.kind === 'progress' && event.label === 'train') done++;
    },
    signal: {
      get aborted() {
        return done >= steps;
      },
    },
  };
}

const statePath = (name: string): string => join(folder, name, 'optimizer.safetensors');

async function metrics(name: string): Promise<Omit<MetricsLine, 'tokensPerSecond'>[]> {
  const lines = (await readFile(join(folder, `${name}.jsonl`), 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const { tokensPerSecond: _, ...rest } = JSON.parse(line) as MetricsLine;
    return rest;
  });
}

/** The state of a stopped training, and a way to put another position into it. */
async function stateOf(name: string): Promise<{ position: TrainingPosition; weights: Float32Array }> {
  const { state } = createTrainableModel(configuration, options);
  const position = await loadResumeState(statePath(name), state);
  return { position: position!, weights: state.parameters.flat };
}

async function setLossScaling(name: string, lossScaling: LossScaling): Promise<void> {
  const { state } = createTrainableModel(configuration, options);
  const position = await loadResumeState(statePath(name), state);
  await saveResumeState(statePath(name), state, { ...position!, lossScaling });
}

describe('the loss scale', () => {
  it('halves at an overflow and doubles after 2,000 steps without one', () => {
    let scaling = initialLossScaling;
    expect(scaling.scale).toBe(65_536);
    for (let step = 0; step < 1999; step++) scaling = afterStep(scaling, true);
    expect(scaling).toEqual({ scale: 65_536, steadySteps: 1999, skippedSteps: 0 });
    expect(afterStep(scaling, true)).toEqual({ scale: 131_072, steadySteps: 0, skippedSteps: 0 });
    expect(afterStep(scaling, false)).toEqual({ scale: 32_768, steadySteps: 0, skippedSteps: 1 });
  });
});

describe.runIf(computes)('gradients with products in float16', () => {
  /** Of a gradient's difference from float32, relative: what PyTorch's own mixed precision comes to, and four times it. */
  const errors = Object.values(autocast.gradientErrors);
  const tolerance = 4 * Math.max(...errors);
  const { rows, rowLength } = oracle.batch;
  const specifications = parameterSpecifications(oracle.configuration);

  async function gradients(
    scale: number,
    recompute = false,
  ): Promise<{ store: ParameterStore; loss: number }> {
    const store = createParameterStore(specifications);
    const graph = trainingGraph(
      oracle.configuration,
      { rows, rowLength },
      { products: 'float16', recompute },
    );
    const program = await engine.compile(graph);
    const loss = new Float32Array(1);
    const feeds = { ...oracleFeeds(), ...Object.fromEntries(oracleParameters().views) };
    await program.run(
      { ...feeds, [lossScaleName]: Float32Array.of(scale) },
      { loss, ...Object.fromEntries([...store.views].map(([name, view]) => [gradientName(name), view])) },
    );
    await program.dispose();
    return { store, loss: loss[0]! };
  }

  it.each([false, true])(
    "are PyTorch's in float32 times the loss scale, recomputed: %s",
    async (recompute) => {
      const scale = 4096;
      const { store, loss } = await gradients(scale, recompute);
      expect(Math.abs(loss / oracle.loss - 1)).toBeLessThan(1e-3);
      for (const [name, view] of store.views) {
        const expected = oracle.gradients[name]!;
        const difference = Math.hypot(...view.map((value, index) => value / scale - expected[index]!));
        expect(difference / Math.hypot(...expected), name).toBeLessThan(tolerance);
      }
    },
  );
});

describe.runIf(computes)('training with products in float16', () => {
  it.each<[string, Partial<TrainingOptions>]>([
    ['nothing else', {}],
    ['dropout and accumulated gradients', { dropout: 0.1, accumulateGradients: 2 }],
    ['adapters, recomputed', { loraRank: 2, recompute: true }],
  ])('and %s: stopped and started again, ends with the same bytes', async (_, changed) => {
    const name = `whole-${Object.keys(changed).join('-')}`;
    await run(name, changed);
    await expect(run(`${name}-stopped`, changed, stopAfter(3))).rejects.toThrow(InterruptedError);
    await run(`${name}-stopped`, changed);
    for (const file of ['model.safetensors', 'optimizer.safetensors']) {
      const [expected, received] = [name, `${name}-stopped`].map((run) => readFile(join(folder, run, file)));
      expect((await received!).equals(await expected!), file).toBe(true);
    }
    expect(await metrics(`${name}-stopped`)).toEqual(await metrics(name));
  });

  it('an overflow skips the step, halves the scale, says so, and changes no weight', async () => {
    await expect(run('overflow', {}, stopAfter(2))).rejects.toThrow(InterruptedError);
    const { position, weights } = await stateOf('overflow');
    expect(position.lossScaling).toEqual({ scale: 65_536, steadySteps: 2, skippedSteps: 0 });
    await setLossScaling('overflow', { scale: 2 ** 127, steadySteps: 2, skippedSteps: 0 });
    const context = stopAfter(1);
    await expect(run('overflow', {}, context)).rejects.toThrow(InterruptedError);
    const after = await stateOf('overflow');
    expect(after.weights).toEqual(weights);
    expect(after.position).toMatchObject({
      step: 3,
      lossScaling: { scale: 2 ** 126, steadySteps: 0, skippedSteps: 1 },
    });
    expect(context.notes).toContain(
      `Step 3 skipped: its gradients overflow float16. Loss scale ${2 ** 126} from here on.`,
    );
    const [line] = (await metrics('overflow')).slice(-1);
    expect(line).toMatchObject({ step: 3, lossScale: 2 ** 126, skippedSteps: 1 });
    expect(line).not.toHaveProperty('gradientNorm');
  });

  it.runIf(hasFloat16)('comes down from a scale that overflows float16 alone, and learns on', async () => {
    const changed = { steps: 40, evaluateEvery: 40 };
    await expect(run('down', changed, stopAfter(1))).rejects.toThrow(InterruptedError);
    await setLossScaling('down', { scale: 2 ** 40, steadySteps: 0, skippedSteps: 0 });
    const { initialValidationLoss, finalValidationLoss, skippedSteps } = await run('down', changed);
    expect(skippedSteps).toBeGreaterThan(4);
    expect(skippedSteps).toBeLessThan(30);
    expect(finalValidationLoss).toBeLessThan(initialValidationLoss - 0.2);
    const { position } = await stateOf('down');
    expect(position.lossScaling!.scale).toBe(2 ** (40 - skippedSteps!));
  });

  it('ends in one line where gradients are not finite without a scale either', async () => {
    await expect(run('diverged', {}, stopAfter(1))).rejects.toThrow(InterruptedError);
    const { state } = createTrainableModel(configuration, options);
    const position = await loadResumeState(statePath('diverged'), state);
    state.parameters.views.get('h.0.ln_1.bias')!.fill(1e38);
    const lossScaling = { scale: 1, steadySteps: 0, skippedSteps: 16 };
    await saveResumeState(statePath('diverged'), state, { ...position!, lossScaling });
    await expect(run('diverged')).rejects.toMatchObject({
      message:
        'The gradient of step 2 is not finite: the training diverged; the last checkpoint is as it was.',
      hint: 'Try a lower --learning-rate, or --mixed-precision off.',
    });
  });

  it.runIf(hasFloat16)('comes within 0.5 % of the validation loss of float32', async () => {
    const changed = { steps: 60, learningRate: 5e-3, evaluateEvery: 30, saveEvery: 60, printEvery: 60 };
    const exact = await run('exact', { ...changed, mixedPrecision: 'off' });
    const mixed = await run('mixed', changed);
    expect(mixed.bestValidationLoss).toBeLessThan(0.8 * mixed.initialValidationLoss);
    expect(mixed.finalValidationLoss).not.toBe(exact.finalValidationLoss);
    expect(Math.abs(mixed.finalValidationLoss / exact.finalValidationLoss - 1)).toBeLessThan(5e-3);
  });
});

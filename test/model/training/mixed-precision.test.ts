import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { type ProgressEvent, silentContext, type WorkContext } from '../../../src/common/progress.js';
import { restrictedTokenizer } from '../../../src/model/tokenizer/restricted.js';
import { tokenizeTitles } from '../../../src/model/tokenizer/tokenized-titles.js';
import { gradientName, lossScaleName, trainingGraph } from '../../../src/model/training/loss-graph.js';
import { afterStep, initialLossScaling, type LossScaling } from '../../../src/model/training/loss-scale.js';
import { processorLayout } from '../../../src/model/training/output-loss.js';
import { train } from '../../../src/model/training/training-loop.js';
import type { TrainingOptions } from '../../../src/model/training/training-options.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import {
  createParameterStore,
  type ParameterStore,
  parameterSpecifications,
} from '../../../src/model/transformer/parameters.js';
import { samplePosts } from '../../../tools/sample/posts.js';
import { evaluate } from '../graph/reference.js';
import { deviceUnderTest, testEngine as engine, hasFloat16 } from '../test-engine.js';
import { oracle, oracleFeeds, oracleParameters } from '../transformer/oracle.js';
import { MemoryStorage } from './memory-storage.js';
import { options as smallOptions } from './small-training.js';

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
const [trainTitles, validationTitles] = [titles.slice(40), titles.slice(0, 40)].map(
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
  ...smallOptions,
  steps: 8,
  batchSize: 2,
  mixedPrecision: 'float16',
  evaluateEvery: 4,
  saveEvery: 4,
  printEvery: 1,
};

function run(
  storage: MemoryStorage,
  changed: Partial<TrainingOptions> = {},
  context: WorkContext = silentContext,
) {
  return train(
    {
      engine,
      data: { train: trainTitles!, validation: validationTitles! },
      tokenizer,
      configuration,
      pretrained: undefined,
      storage,
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

/** A storage whose training was stopped after so many steps. */
async function stopped(steps: number, changed: Partial<TrainingOptions> = {}): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  await expect(run(storage, changed, stopAfter(steps))).rejects.toThrow(InterruptedError);
  return storage;
}

function setLossScaling(storage: MemoryStorage, lossScaling: LossScaling): void {
  storage.position = { ...storage.position!, lossScaling };
}

const savedParameters = ({ state }: MemoryStorage): [string, Float32Array][] =>
  [...state].filter(([name]) => name.startsWith('parameters.'));

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

/** Of a gradient's difference from float32, relative: what PyTorch's own mixed precision comes to, and four times it. */
const errors = Object.values(autocast.gradientErrors);
const tolerance = 4 * Math.max(...errors);

describe.runIf(computes)('gradients with products in float16', () => {
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
      { matmulDtype: 'float16', recompute },
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

describe('gradients with products in float16, every result rounded as on a card', () => {
  const { rows, rowLength } = oracle.batch;

  it("are PyTorch's in float32, the vocabulary as a whole", () => {
    const layout = { ...processorLayout, piece: undefined };
    const scale = 4096;
    const graph = trainingGraph(
      oracle.configuration,
      { rows, rowLength },
      { matmulDtype: 'float16', layout },
    );
    const feeds = {
      ...oracleFeeds(),
      ...Object.fromEntries(oracleParameters().views),
      [lossScaleName]: [scale],
    };
    const values = evaluate(Object.values(graph), new Map(Object.entries(feeds)), {
      roundsResults: true,
    });
    for (const [index, name] of Object.keys(graph).entries()) {
      if (name === 'loss') continue;
      const expected = oracle.gradients[name.slice(gradientName('').length)]!;
      const difference = Math.hypot(
        ...values[index]!.map((value, place) => value / scale - expected[place]!),
      );
      expect(difference / Math.hypot(...expected), name).toBeLessThan(tolerance);
    }
  });
});

describe.runIf(computes)('training with products in float16', () => {
  it.each<[string, Partial<TrainingOptions>]>([
    ['nothing else', {}],
    ['dropout and accumulated gradients', { dropout: 0.1, accumulateGradients: 2 }],
    ['adapters, recomputed', { loraRank: 2, recompute: true }],
  ])('and %s: stopped and started again, ends with the same bytes', async (_, changed) => {
    const whole = new MemoryStorage();
    await run(whole, changed);
    const resumed = await stopped(3, changed);
    await run(resumed, changed);
    expect(resumed.weights).toEqual(whole.weights);
    expect(resumed.state).toEqual(whole.state);
    expect(resumed.metrics).toEqual(whole.metrics);
  });

  it('an overflow skips the step, halves the scale, says so, and changes no weight', async () => {
    const storage = await stopped(2);
    const before = savedParameters(storage);
    expect(storage.position!.lossScaling).toEqual({ scale: 65_536, steadySteps: 2, skippedSteps: 0 });
    setLossScaling(storage, { scale: 2 ** 127, steadySteps: 2, skippedSteps: 0 });
    const context = stopAfter(1);
    await expect(run(storage, {}, context)).rejects.toThrow(InterruptedError);
    expect(savedParameters(storage)).toEqual(before);
    expect(storage.position).toMatchObject({
      step: 3,
      lossScaling: { scale: 2 ** 126, steadySteps: 0, skippedSteps: 1 },
    });
    expect(context.notes).toContain(
      `Step 3 skipped: its gradients overflow float16. Loss scale ${2 ** 126} from here on.`,
    );
    const line = storage.lines.at(-1);
    expect(line).toMatchObject({ step: 3, lossScale: 2 ** 126, skippedSteps: 1 });
    expect(line).not.toHaveProperty('gradientNorm');
  });

  it.runIf(hasFloat16)('comes down from a scale that overflows float16 alone, and learns on', async () => {
    const changed = { steps: 40, evaluateEvery: 40 };
    const storage = await stopped(1, changed);
    setLossScaling(storage, { scale: 2 ** 40, steadySteps: 0, skippedSteps: 0 });
    const { initialValidationLoss, finalValidationLoss, skippedSteps } = await run(storage, changed);
    expect(skippedSteps).toBeGreaterThan(4);
    expect(skippedSteps).toBeLessThan(30);
    expect(finalValidationLoss).toBeLessThan(initialValidationLoss - 0.2);
    expect(storage.position!.lossScaling!.scale).toBe(2 ** (40 - skippedSteps!));
  });

  it('ends in one line where gradients are not finite without a scale either', async () => {
    const storage = await stopped(1);
    storage.state.get('parameters.h.0.ln_1.bias')!.fill(1e38);
    setLossScaling(storage, { scale: 1, steadySteps: 0, skippedSteps: 16 });
    await expect(run(storage)).rejects.toMatchObject({
      message:
        'The gradient of step 2 is not finite: the training diverged; the last checkpoint is as it was.',
      hint: 'Try a lower --learning-rate, or --mixed-precision off.',
    });
  });

  it.runIf(hasFloat16)('comes within 0.5 % of the validation loss of float32', async () => {
    const changed = { steps: 60, learningRate: 5e-3, evaluateEvery: 30, saveEvery: 60, printEvery: 60 };
    const exact = await run(new MemoryStorage(), { ...changed, mixedPrecision: 'off' });
    const mixed = await run(new MemoryStorage(), changed);
    expect(mixed.bestValidationLoss).toBeLessThan(0.8 * mixed.initialValidationLoss);
    expect(mixed.finalValidationLoss).not.toBe(exact.finalValidationLoss);
    expect(Math.abs(mixed.finalValidationLoss / exact.finalValidationLoss - 1)).toBeLessThan(5e-3);
  });
});

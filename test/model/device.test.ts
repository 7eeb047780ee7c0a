import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../src/common/errors.js';
import { silentContext, type WorkContext } from '../../src/common/progress.js';
import type { Engine, NumericArray } from '../../src/model/engine/engine.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { findAdapter } from '../../src/model/engine/onnxruntime/graphics-card.js';
import { openEngine } from '../../src/model/engine/open-engine.js';
import { OutOfDeviceMemoryError } from '../../src/model/engine/out-of-memory.js';
import { generationDefaults, type SamplingOptions } from '../../src/model/generation/generation-options.js';
import { generateTexts } from '../../src/model/generation/generation-request.js';
import * as graph from '../../src/model/graph/builder.js';
import { restrictedTokenizer } from '../../src/model/tokenizer/restricted.js';
import { tokenizeTitles } from '../../src/model/tokenizer/tokenized-titles.js';
import type { TrainingOptions } from '../../src/model/training/training-options.js';
import type { MetricsLine } from '../../src/model/training/training-storage.js';
import type { TransformerConfiguration } from '../../src/model/transformer/configuration.js';
import { openDecodeSession } from '../../src/model/transformer/decode-session.js';
import {
  createParameterStore,
  initializeParameters,
  parameterSpecifications,
} from '../../src/model/transformer/parameters.js';
import { storedWeights } from '../../src/model/transformer/weight-source.js';
import { finetune } from '../../src/pipeline/library/finetune.js';
import { processorDevice } from './engine/processor-device.js';
import { deviceUnderTest, testEngine } from './test-engine.js';
import { options as smallOptions } from './training/small-training.js';

const processor = createOnnxRuntimeEngine({ threads: 2 });
const titles = ['red', 'blue', 'old', 'new'].flatMap((color) =>
  ['cat', 'dog', 'boat'].map((thing) => `Why is my ${color} ${thing} so slow`),
);
const tokenizer = restrictedTokenizer(titles);
const tokens = tokenizeTitles(titles, tokenizer, { maximumTokens: 31 }).titles;
const configuration: TransformerConfiguration = {
  vocabularySize: tokenizer.vocabularySize,
  contextLength: 32,
  width: 16,
  layers: 1,
  heads: 2,
  layerNormEpsilon: 1e-5,
};
const options: TrainingOptions = {
  ...smallOptions,
  steps: 20,
  batchSize: 2,
  rowLength: 32,
  evaluateEvery: 10,
  saveEvery: 10,
  printEvery: 1,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'device-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function train(
  engine: Engine,
  name: string,
  changed: Partial<TrainingOptions>,
  context: WorkContext = silentContext,
): Promise<MetricsLine[]> {
  const metricsPath = join(folder, `${name}.jsonl`);
  await finetune(
    {
      engine,
      data: { train: tokens, validation: tokens },
      tokenizer,
      configuration,
      pretrained: undefined,
      checkpointFolder: join(folder, name),
      metricsPath,
      options: { ...options, ...changed },
    },
    context,
  );
  const lines = (await readFile(metricsPath, 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as MetricsLine);
}

/** Asks to stop after so many steps. */
function stopAfter(steps: number): WorkContext {
  let done = 0;
  return {
    onProgress: ({ kind }) => void (kind === 'progress' && done++),
    signal: {
      get aborted() {
        return done >= steps;
      },
    },
  };
}

/** Texts of a small model with large weights. */
async function textsOf(engine: Engine, sampling: Partial<SamplingOptions>): Promise<string[]> {
  const store = createParameterStore(parameterSpecifications(configuration));
  initializeParameters(store, 3);
  for (const view of store.views.values())
    for (const [index, value] of view.entries()) view[index] = 8 * value;
  const sizes = { slots: 3, capacity: 20 };
  const session = await openDecodeSession(engine, configuration, storedWeights(store), sizes);
  const asked = { nsamples: 4, length: 10, ...sampling, prefixes: ['Why', 'my red'] };
  const found: string[] = [];
  for await (const { index, text } of generateTexts(
    session,
    tokenizer,
    { ...generationDefaults, ...asked },
    silentContext,
  ))
    found[index] = text;
  await session.dispose();
  return found;
}

const stateOf = (name: string): Promise<Buffer> => readFile(join(folder, name, 'optimizer.safetensors'));

/** A card that allows so many bytes in one buffer. */
async function openLimited(maxBufferSize: number): Promise<Engine> {
  const settings = process.env['TITLESMITH_WEBGPU'];
  const limited = { ...JSON.parse(settings ?? '{}'), maxBufferSize: String(maxBufferSize) };
  process.env['TITLESMITH_WEBGPU'] = JSON.stringify(limited);
  try {
    return await openEngine({ engine: 'onnxruntime', device: 'webgpu' });
  } finally {
    if (settings === undefined) delete process.env['TITLESMITH_WEBGPU'];
    else process.env['TITLESMITH_WEBGPU'] = settings;
  }
}

/** What fails as a device does that is asked for more than it has; on WebGPU, that failure itself. */
async function openShortage(): Promise<() => Promise<void>> {
  if (deviceUnderTest !== 'onnxruntime webgpu') {
    return () =>
      Promise.reject(new OutOfDeviceMemoryError('The card is full.', '', new Error('out of memory')));
  }
  // 8 GiB, which no driver in software gives as one buffer; 32 GiB, for which no card has bindings.
  const elements = findAdapter('webgpu')?.software ? 2 ** 31 : 2 ** 33;
  const engine = await openLimited(4 * elements);
  const large = graph.broadcastTo(graph.input('x', [1]), [elements]);
  const program = await engine.compile({ y: graph.reduceSum(graph.multiply(large, large)) });
  return () => program.run({ x: Float32Array.of(1) }, { y: new Float32Array(1) });
}

describe.runIf(deviceUnderTest)(`training on ${deviceUnderTest}`, () => {
  it('20 steps of added gradients, adapters, and dropout go as on the processor', async () => {
    const adapters = { steps: 4, loraRank: 2, recompute: true };
    for (const changed of [{ accumulateGradients: 2 }, adapters, { steps: 4, dropout: 0.2 }]) {
      const name = Object.keys(changed).join('-');
      // A device draws dropout's factors itself.
      const draws = 'dropout' in changed && testEngine.memory !== undefined;
      const [expected, received] = [
        await train(draws ? processorDevice() : processor, `cpu-${name}`, changed),
        await train(testEngine, `device-${name}`, changed),
      ];
      expect(received).toHaveLength(expected.length);
      for (const [step, { loss, validationLoss, gradientNorm }] of expected.entries()) {
        expect(Math.abs(received[step]!.loss! / loss! - 1)).toBeLessThan(1e-4);
        expect(Math.abs(received[step]!.gradientNorm! / gradientNorm! - 1)).toBeLessThan(1e-3);
        if (validationLoss !== undefined)
          expect(Math.abs(received[step]!.validationLoss! / validationLoss - 1)).toBeLessThan(1e-4);
      }
    }
  });

  it('with dropout, stopped and started again, ends with the same bytes', async () => {
    const changed = { steps: 5, dropout: 0.2 };
    await train(testEngine, 'whole', changed);
    await expect(train(testEngine, 'stopped', changed, stopAfter(2))).rejects.toBeInstanceOf(
      InterruptedError,
    );
    await train(testEngine, 'stopped', changed);
    expect(Buffer.compare(await stateOf('stopped'), await stateOf('whole'))).toBe(0);
  });
});

describe.runIf(deviceUnderTest === 'onnxruntime webgpu')('with a limit on the size of buffers', () => {
  it('embeddings, moments and attention in parts: training, resuming and texts are the same', async () => {
    // Half of the attention's scores and of the widest activations, a third of the token embedding.
    const limited = await openLimited(8192);
    const changed = { steps: 3, accumulateGradients: 2 };
    const expected = await train(testEngine, 'whole-tensors', changed);
    const received = await train(limited, 'parts', changed);
    for (const [step, { loss, gradientNorm }] of expected.entries()) {
      expect(Math.abs(received[step]!.loss! / loss! - 1)).toBeLessThan(1e-6);
      expect(Math.abs(received[step]!.gradientNorm! / gradientNorm! - 1)).toBeLessThan(1e-5);
    }
    const stopped = train(limited, 'parts-stopped', changed, stopAfter(2));
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
    await train(limited, 'parts-stopped', changed);
    expect(Buffer.compare(await stateOf('parts-stopped'), await stateOf('parts'))).toBe(0);
    const greedy = { temperature: 0 };
    expect(await textsOf(limited, greedy)).toEqual(await textsOf(processor, greedy));
  });

  it('a tensor is read as it was written, in parts, and is no other', async () => {
    const { memory, ...limited } = await openLimited(64);
    const specification = { shape: [7, 3], dtype: 'float32' } as const;
    const [tensor, wrong] = [
      memory!.allocate(specification),
      memory!.allocate({ ...specification, shape: [21] }),
    ];
    const values = Float32Array.from({ length: 21 }, (_, index) => index);
    await memory!.write([[values, tensor]]);
    const program = await limited.compile({ y: graph.multiply(graph.input('x', [7, 3]), 2) });
    const doubled = new Float32Array(21);
    await program.run({ x: tensor }, { y: doubled });
    expect([...doubled]).toEqual([...values].map((value) => 2 * value));
    await expect(program.run({ x: wrong }, { y: doubled })).rejects.toThrow('x: needs [7,3]; received [21]');
    await expect(program.run({ x: tensor }, { y: new Float32Array(20) })).rejects.toThrow(
      'y: needs float32[7,3]',
    );
    const read = new Float32Array(21);
    await memory!.read([[tensor, read]]);
    expect([...read]).toEqual([...values]);
    await program.dispose();
  });

  it('what does not work in parts is named before any work, with its size and the limit', async () => {
    const limited = await openLimited(2048);
    const training = train(limited, 'too-large', {});
    await expect(training).rejects.toThrow(
      'matmul needs a tensor float32[2,2,32,32] of 16,384 bytes whole, and the graphics card takes at most 2,048 bytes in one buffer',
    );
    await expect(readFile(join(folder, 'too-large', 'training.json'))).rejects.toThrow('ENOENT');
    await expect(textsOf(limited, {})).rejects.toThrow('cachedAttention needs a tensor float32[3,2,20,8]');
  });

  it('settings that are none are refused', async () => {
    await expect(openLimited(Number.NaN)).rejects.toThrow(
      'TITLESMITH_WEBGPU: maxBufferSize NaN is no number of bytes.',
    );
  });
});

it('a step that the device has no memory for names the batch size, and leaves the checkpoint', async () => {
  const fail = await openShortage();
  let steps = 0;
  const small: Engine = {
    ...testEngine,
    compile: async (outputs, compileOptions) => {
      const program = await testEngine.compile(outputs, compileOptions);
      const isTraining = Object.keys(outputs).some((name) => name.startsWith('gradient.'));
      return {
        run: async (feeds, results) => {
          if (isTraining && ++steps > 4) await fail();
          return program.run(feeds, results);
        },
        dispose: () => program.dispose(),
      };
    },
  };
  const changed = { steps: 6, saveEvery: 2 };
  const failing = train(small, 'short', changed);
  await expect(failing).rejects.toThrow(
    'too little memory for --batch-size 2 with rows of 32 tokens without --recompute; the last checkpoint is as it was.',
  );
  await failing.catch((error: OutOfDeviceMemoryError) => {
    expect(error.hint).toBe('Try --batch-size 1 --accumulate-gradients 2, or --recompute, or --lora-rank 8.');
  });
  await expect(train(testEngine, 'four', changed, stopAfter(4))).rejects.toThrow('step 4 of 6');
  expect(Buffer.compare(await stateOf('short'), await stateOf('four'))).toBe(0);
  // The device is none the worse: from that checkpoint training goes on.
  for (const name of ['short', 'four']) await train(testEngine, name, changed);
  expect(Buffer.compare(await stateOf('short'), await stateOf('four'))).toBe(0);
});

describe.runIf(deviceUnderTest)(`generating on ${deviceUnderTest}`, () => {
  it('gives the texts of the processor, slots refilled and moved', async () => {
    for (const sampling of [{ temperature: 0 }, { temperature: 0.7, topK: 9 }]) {
      const expected = await textsOf(processor, sampling);
      expect(new Set(expected).size).toBeGreaterThan(1);
      expect(await textsOf(testEngine, sampling)).toEqual(expected);
    }
  });
});

describe.runIf(testEngine.memory)('memory of a device', () => {
  const memory = testEngine.memory!;

  it('keeps what is written, copies rows, and is read under other shapes', async () => {
    const values = Float32Array.from({ length: 12 }, (_, index) => index);
    const [from, to] = [
      [3, 2, 2],
      [2, 2, 2],
    ].map((shape) => memory.allocate({ shape, dtype: 'float32' }));
    await memory.write([
      [values, from!],
      [new Float32Array(8), to!],
    ]);
    void memory.copyRow([{ from: from!, to: to! }], 2, 1);
    void memory.copyRow([{ from: from!, to: from! }], 1, 0);
    const [copied, moved] = [new Float32Array(8), new Float32Array(4)];
    await memory.read([
      [to!, copied],
      [from!.view([1, 4]), moved],
    ]);
    expect([...copied]).toEqual([0, 0, 0, 0, 8, 9, 10, 11]);
    expect([...moved]).toEqual([4, 5, 6, 7]);
  });

  it('feeds programs and takes their results', async () => {
    const specification = { shape: [4], dtype: 'float32' } as const;
    const program = await testEngine.compile({ y: graph.multiply(graph.input('x', [4]), 2) });
    const [x, y] = [memory.allocate(specification), memory.allocate(specification)];
    await memory.write([[Float32Array.of(1, 2, 3, 4), x]]);
    await program.run({ x }, { y });
    await program.run({ x: y }, { y: x });
    const result: NumericArray = new Float32Array(4);
    await memory.read([[x, result]]);
    expect([...result]).toEqual([4, 8, 12, 16]);
    const wrong = memory.allocate({ shape: [2, 2], dtype: 'float32' });
    await expect(program.run({ x: wrong }, { y })).rejects.toThrow(
      'x: needs float32[4]; received float32[2,2] on the device',
    );
    await program.dispose();
  });
});

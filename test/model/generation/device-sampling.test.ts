import { describe, expect, it } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import type { Engine } from '../../../src/model/engine/engine.js';
import { cudaTarget } from '../../../src/model/engine/onnx/cuda-ops.js';
import { exportOnnx } from '../../../src/model/engine/onnx/export.js';
import type { OnnxTarget } from '../../../src/model/engine/onnx/op-exporters.js';
import { evenLength } from '../../../src/model/engine/onnx/sampling-nodes.js';
import { webGpuTarget } from '../../../src/model/engine/onnx/webgpu-ops.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime/cpu-engine.js';
import { ContinuousBatch } from '../../../src/model/generation/continuous-batch.js';
import {
  type GenerationOptions,
  generationDefaults,
} from '../../../src/model/generation/generation-options.js';
import { GenerationRequest, generateTexts } from '../../../src/model/generation/generation-request.js';
import type { GeneratedText } from '../../../src/model/generation/sequence.js';
import { samplingGraph } from '../../../src/model/transformer/decode-sampler.js';
import { openDecodeSession } from '../../../src/model/transformer/decode-session.js';
import {
  createParameterStore,
  initializeParameters,
  parameterSpecifications,
} from '../../../src/model/transformer/parameters.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import { processorDevice } from '../engine/processor-device.js';
import { tokenizerOf } from './markov-model.js';

const characters = Array.from({ length: 99 }, (_, id) => String.fromCharCode(0x100 + id));
const tokenizer = tokenizerOf(...characters);
const configuration = {
  vocabularySize: tokenizer.vocabularySize,
  contextLength: 32,
  width: 16,
  layers: 2,
  heads: 2,
  layerNormEpsilon: 1e-5,
};
const weights = createParameterStore(parameterSpecifications(configuration));
initializeParameters(weights, 3);
// Large weights, so that tokens differ in probability.
for (const view of weights.views.values())
  for (const [index, value] of view.entries()) view[index] = 8 * value;

const open = (engine: Engine, slots: number) =>
  openDecodeSession(engine, configuration, storedWeights(weights), { slots, capacity: 24 });

async function textsOf(
  engine: Engine,
  slots: number,
  changed: Partial<GenerationOptions>,
): Promise<string[]> {
  const session = await open(engine, slots);
  const prefixes = ['', characters[5]!, characters.slice(7, 10).join('')];
  const options = { ...generationDefaults, nsamples: 4, length: 12, seed: 5, prefixes, ...changed };
  const found: string[] = [];
  for await (const { index, text } of generateTexts(session, tokenizer, options, silentContext))
    found[index] = text;
  await session.dispose();
  return found;
}

/** A step of some slots that hold nothing yet. */
const drawInput = (rows: number) => ({
  tokens: new Int32Array(rows).fill(3),
  lengths: new Int32Array(rows),
  temperatures: new Float32Array(rows).fill(0.7),
  topK: new Int32Array(rows).fill(7),
  topP: new Float32Array(rows).fill(0.9),
  points: new Float32Array(rows).fill(0.3),
});

describe('texts whose tokens are chosen on the device', () => {
  const processor = createOnnxRuntimeEngine({ threads: 2 });

  it.each([
    {},
    { temperature: 0 },
    { temperature: 0.7 },
    { topK: 9 },
    { topK: 50, topP: 0.9, temperature: 0.8 },
    { minP: 0.1, repetitionPenalty: 1.3 },
    { temperature: 0, frequencyPenalty: 1 },
  ])('are those of the processor, in any number of slots: %o', async (sampling) => {
    const expected = await textsOf(processor, 3, sampling);
    expect(new Set(expected).size).toBeGreaterThan(2);
    for (const slots of [1, 5])
      expect(await textsOf(processorDevice(cudaTarget), slots, sampling), `${slots} slots`).toEqual(expected);
  });

  it('are the same beside those of requests that sample otherwise', async () => {
    const asked = [
      { temperature: 0 },
      { topK: 9 },
      { topP: 0.8 },
      { typicalP: 0.6, presencePenalty: 0.5 },
      {},
      { temperature: 0.5, topK: 70 },
      { logitBias: { 3: 5 } },
    ];
    const session = await open(processorDevice(webGpuTarget), 4);
    const batch = new ContinuousBatch(session);
    const found = asked.map((): string[] => []);
    // Texts of different lengths, so that slots change hands.
    const own = asked.map((sampling, place) => ({
      nsamples: 3,
      length: 4 + 2 * place,
      seed: 5,
      ...sampling,
    }));
    for (const [place, texts] of found.entries()) {
      const onText = ({ index, text }: GeneratedText): void => {
        texts[index] = text;
      };
      const options = { ...generationDefaults, ...own[place] };
      batch.add(new GenerationRequest(session, tokenizer, options, { onText, onEnd: () => {} }));
    }
    while (!batch.idle) await batch.step();
    await session.dispose();
    for (const [place, texts] of found.entries()) {
      const alone = await textsOf(processor, 2, { prefixes: undefined, ...own[place] });
      expect(texts, JSON.stringify(own[place])).toEqual(alone);
    }
  });
});

it('a step sends a number a slot beside ids, positions and lengths, and brings one back', async () => {
  const device = processorDevice();
  const session = await open(device, 4);
  await session.draw!(drawInput(4));
  for (const rows of [4, 2]) {
    Object.assign(device.traffic, { up: 0, down: 0 });
    await session.draw!(drawInput(rows));
    expect(device.traffic).toEqual({ up: rows * 4 * (3 + 1), down: rows * 4 });
  }
  await session.dispose();
});

it('a step that runs while the session is disposed of ends, a later one is refused', async () => {
  const session = await open(processorDevice(), 2);
  const running = session.draw!(drawInput(2));
  const disposal = session.dispose();
  expect(await running).toHaveLength(2);
  await disposal;
  await expect(session.draw!(drawInput(2))).rejects.toThrow('The model was disposed of');
});

// A reshape computes nothing.
describe('nodes of a step’s sampling but reshapes', () => {
  const countNodes = (target: OnnxTarget, kinds: Parameters<typeof samplingGraph>[1]): number => {
    const outputs = samplingGraph([64, evenLength(50_257)], kinds);
    const { node } = exportOnnx(outputs, { target }).proto.graph;
    return node.filter(({ opType }) => opType !== 'Reshape').length;
  };
  const drawn = { greedy: false, drawn: true, topK: undefined, topP: false };

  it.each([
    { name: 'drawn', kinds: drawn, cuda: 26, webGpu: 26 },
    { name: 'greedy', kinds: { ...drawn, greedy: true, drawn: false }, cuda: 5, webGpu: 11 },
    { name: 'top-k 64', kinds: { ...drawn, topK: 64 }, cuda: 69, webGpu: 72 },
    { name: 'top-k 1024', kinds: { ...drawn, topK: 1024 }, cuda: 272, webGpu: 242 },
    { name: 'top-p', kinds: { ...drawn, topP: true }, cuda: 276, webGpu: 276 },
  ])('$name', ({ kinds, cuda, webGpu }) => {
    expect(countNodes(cudaTarget, kinds)).toBe(cuda);
    expect(countNodes(webGpuTarget, kinds)).toBe(webGpu);
  });
});

import { describe, expect, it } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import type { Engine } from '../../../src/model/engine/engine.js';
import { exportOnnx } from '../../../src/model/engine/onnx/export.js';
import type { OnnxTarget } from '../../../src/model/engine/onnx/op-exporters.js';
import { webGpuTarget } from '../../../src/model/engine/onnx/webgpu-ops.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime/cpu-engine.js';
import {
  generationDefaults,
  type SamplingOptions,
} from '../../../src/model/generation/generation-options.js';
import { generateTexts } from '../../../src/model/generation/generation-request.js';
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

async function textsOf(engine: Engine, slots: number, sampling: Partial<SamplingOptions>): Promise<string[]> {
  const session = await open(engine, slots);
  const prefixes = ['', characters[5]!, characters.slice(7, 10).join('')];
  const options = { ...generationDefaults, nsamples: 4, length: 12, seed: 5, prefixes, ...sampling };
  const found: string[] = [];
  for await (const { index, text } of generateTexts(session, tokenizer, options, silentContext))
    found[index] = text;
  await session.dispose();
  return found;
}

describe('texts whose tokens are chosen on the device', () => {
  const processor = createOnnxRuntimeEngine({ threads: 2 });

  it.each([
    {},
    { temperature: 0 },
    { temperature: 0.7 },
    { topK: 9 },
    { topK: 50, topP: 0.9, temperature: 0.8 },
  ])('are those of the processor, in any number of slots: %o', async (sampling) => {
    const expected = await textsOf(processor, 3, sampling);
    expect(new Set(expected).size).toBeGreaterThan(2);
    for (const slots of [1, 5])
      expect(await textsOf(processorDevice(), slots, sampling), `${slots} slots`).toEqual(expected);
  });
});

it('a step sends a number a slot beside ids, positions and lengths, and brings one back', async () => {
  const device = processorDevice();
  const session = await open(device, 4);
  const step = (rows: number, temperature: number) =>
    session.draw!({
      tokens: new Int32Array(rows).fill(3),
      lengths: new Int32Array(rows),
      temperatures: new Float32Array(rows).fill(temperature),
      topK: new Int32Array(rows).fill(7),
      topP: new Float32Array(rows).fill(0.9),
      points: new Float32Array(rows).fill(0.3),
    });
  await step(4, 0.7);
  for (const rows of [4, 2]) {
    Object.assign(device.traffic, { up: 0, down: 0 });
    await step(rows, 0.7);
    expect(device.traffic).toEqual({ up: rows * 4 * (3 + 1), down: rows * 4 });
  }
  await session.dispose();
});

describe('nodes of a step’s sampling', () => {
  const countNodes = (target: OnnxTarget | undefined, kinds: Parameters<typeof samplingGraph>[1]): number => {
    const outputs = samplingGraph({ slots: 64, vocabularySize: 50_432 }, kinds);
    return exportOnnx(outputs, target ? { target } : {}).proto.graph.node.length;
  };
  const drawn = { greedy: false, drawn: true, topK: undefined, topP: false };

  it.each([
    { name: 'drawn', kinds: drawn, cuda: 27, webGpu: 27 },
    { name: 'greedy', kinds: { ...drawn, greedy: true, drawn: false }, cuda: 5, webGpu: 12 },
    { name: 'top-k 64', kinds: { ...drawn, topK: 64 }, cuda: 74, webGpu: 245 },
    { name: 'top-k 1024', kinds: { ...drawn, topK: 1024 }, cuda: 245, webGpu: 245 },
    { name: 'top-p', kinds: { ...drawn, topP: true }, cuda: 279, webGpu: 279 },
  ])('$name', ({ kinds, cuda, webGpu }) => {
    expect(countNodes(undefined, kinds)).toBe(cuda);
    expect(countNodes(webGpuTarget, kinds)).toBe(webGpu);
  });
});

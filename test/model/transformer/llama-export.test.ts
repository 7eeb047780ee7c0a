import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { onnxGenerationModel } from '../../../src/model/transformer/onnx-graph.js';
import type { ParameterStore } from '../../../src/model/transformer/parameters.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import { writeOnnxModel } from '../../../src/model/weights/onnx-folder.js';
import { emptyPast, expectGreedy, logitsAt, step } from './exported-model.js';
import { temporaryFolder } from './fixtures.js';
import { forwardLogits } from './forward-logits.js';
import { type LlamaOracle, llamaNames, readLlamaOracle } from './llama-oracle.js';
import { relativeError } from './oracle.js';

describe.each(llamaNames)('an exported Llama in ONNX Runtime, %s heads', (name) => {
  const path = join(temporaryFolder(), 'model.onnx');
  let oracle: LlamaOracle;
  let parameters: ParameterStore;
  let session: InferenceSession;
  const sizes = () => {
    const { layers, llama } = oracle.configuration;
    return { layers, heads: llama!.keyValueHeads, headWidth: llama!.headWidth };
  };
  const ownLogits = async (text: readonly number[]): Promise<Float32Array> =>
    (await forwardLogits(oracle.configuration, parameters, text)).slice(-oracle.configuration.vocabularySize);

  beforeAll(async () => {
    oracle = await readLlamaOracle(name);
    parameters = await oracle.parameters();
    // A process has one environment of ONNX Runtime, made by whoever comes first; our engine needs its own kind.
    await ownLogits([0]);
    await writeOnnxModel(path, onnxGenerationModel(oracle.configuration), storedWeights(parameters));
    session = await InferenceSession.create(path);
  });

  test('continues greedily as Hugging Face generate does', () =>
    expectGreedy(session, oracle.greedy, sizes()));

  test('gives our logits for texts of different lengths in one batch, padded at the left', async () => {
    const texts = [[259, 5, 9], [259, 11, 2, 33, 40, 7], [3]];
    const next = [8, 1, 60];
    const longest = 6;
    const padding = texts.map((text) => new Array<number>(longest - text.length).fill(0));
    const mask = texts.map((text, row) => [...padding[row]!, ...text.map(() => 1)]);
    const first = await step(
      session,
      texts.map((text, row) => [...padding[row]!, ...text]),
      mask,
      texts.map((text, row) => [...padding[row]!, ...text.keys()]),
      emptyPast(3, sizes()),
    );
    const second = await step(
      session,
      next.map((token) => [token]),
      mask.map((row) => [...row, 1]),
      texts.map((text) => [text.length]),
      first.past,
    );
    for (const [row, text] of texts.entries()) {
      const [before, after] = [logitsAt(first.logits, row, longest - 1), logitsAt(second.logits, row, 0)];
      expect(relativeError(before, await ownLogits(text))).toBeLessThan(1e-5);
      expect(relativeError(after, await ownLogits([...text, next[row]!]))).toBeLessThan(1e-5);
    }
  });
});

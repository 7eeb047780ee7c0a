import { describe, expect, it } from 'vitest';
import { cudaTarget } from '../../../src/model/engine/onnx/cuda-ops.js';
import { exportOnnx } from '../../../src/model/engine/onnx/export.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime/cpu-engine.js';
import { decodeDynamicAxes, decodeGraph } from '../../../src/model/transformer/decode-graph.js';
import { openDecodeSession } from '../../../src/model/transformer/decode-session.js';
import { parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import { parameterInputs } from '../../../src/model/transformer/transformer.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import { processorDevice } from '../engine/processor-device.js';
import { oracle, oracleParameters, relativeError } from './oracle.js';

const { configuration } = oracle;
const { vocabularySize, contextLength: capacity } = configuration;

/** The graph that CUDA runs in float32, on the processor, beside the one that the processor runs. */
describe('decoding in float32 as for CUDA', () => {
  it('gives the logits of the processor: prompts in parts, slots refilled and moved, caches written in place', async () => {
    const sizes = { slots: 3, capacity };
    const sessions = await Promise.all(
      [createOnnxRuntimeEngine({ threads: 2 }), processorDevice(cudaTarget)].map((engine) =>
        openDecodeSession(engine, configuration, storedWeights(oracleParameters()), sizes),
      ),
    );
    const lengths = [1, 2, 5, 8];
    const prompts = lengths.map((length) =>
      Int32Array.from({ length }, (_, place) => (7 * place + length) % 20),
    );
    const found: Float32Array[][] = [];
    for (const session of sessions) {
      const logits: Float32Array[] = [];
      const caches = [];
      for (const prompt of prompts) {
        const cache = await session.prefill(prompt, 0.7);
        caches.push(cache);
        logits.push(cache.scores.logits);
      }
      for (const slot of [0, 1, 2]) session.fill(slot, caches[slot + 1]!);
      const held = [2, 5, 8];
      for (let round = 0; round < 10; round++) {
        if (round === 4) {
          session.fill(1, caches[0]!);
          held[1] = 1;
        }
        if (round === 7) {
          session.move(2, 0, held[2]!);
          held[0] = held.pop()!;
        }
        const { length } = held;
        const scores = await session.step({
          tokens: Int32Array.from({ length }, (_, slot) => (3 * round + slot) % vocabularySize),
          lengths: Int32Array.from(held),
          temperatures: Float32Array.of(0, 0.7, 2).subarray(0, length),
        });
        logits.push(scores.logits.slice(0, length * vocabularySize));
        for (const slot of held.keys()) held[slot]!++;
      }
      found.push(logits);
      await session.dispose();
    }
    const [expected, received] = found as [Float32Array[], Float32Array[]];
    expect(received).toHaveLength(expected.length);
    for (const [index, logits] of expected.entries())
      expect(relativeError(received[index]!, logits), `scores ${index}`).toBeLessThan(1e-5);
  });

  it('has no attention that CUDA leaves to the processor, and four nodes more a layer', () => {
    const nodesOf = (layers: number, target = cudaTarget) => {
      const sized = { ...configuration, layers };
      const specifications = parameterSpecifications(sized);
      const outputs = decodeGraph(sized, parameterInputs(specifications), { slots: 64, capacity: 32 });
      const constants = new Set(specifications.map(({ name }) => name));
      const model = exportOnnx(outputs, { constants, dynamicAxes: decodeDynamicAxes(layers), target });
      return model.proto.graph.node.map(({ opType }) => opType);
    };
    expect(nodesOf(2)).not.toContain('GroupQueryAttention');
    const layer = nodesOf(3).length - nodesOf(2).length;
    const withGroupQuery = nodesOf(3, { overrides: {} }).length - nodesOf(2, { overrides: {} }).length;
    expect([layer, withGroupQuery]).toEqual([20, 16]);
  });
});

import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import * as graph from '../../../src/model/graph/builder.js';
import { LargeTensorError } from '../../../src/model/graph/chunks.js';
import { type ChunkedGraph, splitLargeTensors } from '../../../src/model/graph/large-tensors.js';
import { elementCount, floatTypes } from '../../../src/model/graph/shape.js';
import { type OpNode, type Tensor, topologicalOrder } from '../../../src/model/graph/tensor.js';
import { trainingGraph } from '../../../src/model/training/loss-graph.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import { caseInputs } from './case-inputs.js';
import { opCases } from './cases.js';
import { evaluate } from './reference.js';

const seed = 11;
type Feeds = ReadonlyMap<string, ArrayLike<number>>;

/** What the graph gives in chunks, put together again. */
function evaluateSplit({ outputs, chunks }: ChunkedGraph, feeds: Feeds): Map<string, number[]> {
  const chunkFeeds = new Map(feeds);
  for (const [name, list] of chunks) {
    const values = feeds.get(name);
    for (const chunk of values ? list : [])
      chunkFeeds.set(chunk.name, Array.from(values!).slice(chunk.start, chunk.end));
  }
  const values = evaluate(Object.values(outputs), chunkFeeds);
  const results = new Map(Object.keys(outputs).map((name, index) => [name, [...values[index]!]]));
  for (const [name, list] of chunks) {
    if (!feeds.has(name))
      results.set(
        name,
        list.flatMap((chunk) => results.get(chunk.name)!),
      );
  }
  return results;
}

function largestOf(outputs: readonly Tensor[], size = elementCount): number {
  const tensors = topologicalOrder(outputs).flatMap((node) => node.outputs);
  return Math.max(...tensors.map(({ shape }) => size(shape)));
}

/** Cases that do not work in chunks, or not in all; each other does where its longest row fits. */
const refused =
  /transpose|reshape|rotate, one head|quantizedMatmul|groupedMatmul|8 bits|cachedAttention|causalMask|paddedCrossEntropy|rows of indices|matmul shared|softmax \[5\]|transposeA true transposeB true/;

describe('a graph whose large tensors are in chunks gives what the whole one gives', () => {
  for (const opCase of Object.values(opCases).flat()) {
    it(opCase.name, () => {
      const { tensors, feeds } = caseInputs(opCase, seed);
      const output = opCase.build(...tensors);
      const [expected] = evaluate([output], feeds);
      const largest = largestOf([output]);
      const longestRow = largestOf([output], (shape) => elementCount(shape.slice(1)));
      for (let limit = 1; limit < largest; limit++) {
        let split: ChunkedGraph;
        try {
          split = splitLargeTensors({ output }, limit);
        } catch (error) {
          if (!(error instanceof LargeTensorError)) throw error;
          if (!refused.test(opCase.name)) expect(limit, error.message).toBeLessThan(longestRow);
          continue;
        }
        expect(largestOf(Object.values(split.outputs)), `limit ${limit}`).toBeLessThanOrEqual(limit);
        const received = evaluateSplit(split, feeds).get('output')!;
        for (const [element, value] of expected!.entries())
          expect(received[element], `limit ${limit}, element ${element}`).toBeCloseTo(value, 12);
      }
    });
  }

  it.each(floatTypes)('a whole step of training, matrices multiplied in %s', (matmulDtype) => {
    const configuration: TransformerConfiguration = {
      vocabularySize: 37,
      contextLength: 8,
      width: 4,
      layers: 1,
      heads: 2,
      layerNormEpsilon: 1e-5,
    };
    const outputs = trainingGraph(configuration, { rows: 4, rowLength: 4 }, { matmulDtype });
    const inputs = topologicalOrder(Object.values(outputs)).filter(
      (node): node is OpNode<'input'> => node.op === 'input',
    );
    const random = createRandom(seed, 'feeds');
    const limits: Record<string, number> = { inputIds: 37, targetIds: 37, positionIds: 8 };
    const feeds = new Map(
      inputs.map(({ attributes: { name, shape } }) => {
        const draw = (): number => (limits[name] ? random.integer(limits[name]) : random.normal());
        return [name, Float64Array.from({ length: elementCount(shape) }, draw)];
      }),
    );
    const expected = evaluate(Object.values(outputs), feeds);
    // 148 elements are the token embedding, 128 the attention's scores, 256 the widest activations.
    for (const limit of [147, 100, 65]) {
      const split = splitLargeTensors(outputs, limit);
      // Of embedding, attention and logits each is in chunks.
      expect(split.chunks.get('gradient.wte.weight')!.length).toBeGreaterThan(1);
      expect(largestOf(Object.values(split.outputs))).toBeLessThanOrEqual(limit);
      const received = evaluateSplit(split, feeds);
      for (const [index, name] of Object.keys(outputs).entries()) {
        for (const [element, value] of expected[index]!.entries())
          expect(Math.abs(received.get(name)![element]! - value), `${name} ${element}`).toBeLessThan(1e-9);
      }
    }
  });

  it('names what does not work in chunks', () => {
    const x = graph.transpose(graph.input('x', [4, 6]), [1, 0]);
    expect(() => splitLargeTensors({ x }, 12)).toThrow('transpose of [6,4] does not work in chunks');
  });
});

import { describe, expect, it } from 'vitest';
import type { Engine, NumericArray } from '../../../src/model/engine/engine.js';
import { cudaTarget } from '../../../src/model/engine/onnx/cuda-ops.js';
import { webGpuTarget } from '../../../src/model/engine/onnx/webgpu-ops.js';
import { dropoutFactors, input } from '../../../src/model/graph/builder.js';
import { elementCount } from '../../../src/model/graph/shape.js';
import { type OpNode, type Tensor, topologicalOrder } from '../../../src/model/graph/tensor.js';
import { DeviceDropoutNumbers } from '../../../src/model/training/device-dropout.js';
import { gradientName, trainingGraph } from '../../../src/model/training/loss-graph.js';
import { createParameterStore, parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import { processorDevice } from '../engine/processor-device.js';
import { evaluate } from '../graph/reference.js';
import { testEngine } from '../test-engine.js';
import { oracle, oracleFeeds, oracleParameters, relativeError } from '../transformer/oracle.js';

const probability = 0.1;
const configuration = {
  vocabularySize: 10,
  contextLength: 32,
  width: 96,
  layers: 1,
  heads: 4,
  layerNormEpsilon: 1e-5,
};
const shape = { rows: 8, rowLength: 32 };

/** A tensor of factors, and the numbers of a batch as its inputs. */
function drawn(seed: number, batch: number): { factors: Tensor; feeds: Record<string, NumericArray> } {
  const feeds = new DeviceDropoutNumbers(configuration, shape, seed).draw(batch);
  const [rows, columns] = [shape.rows * shape.rowLength, configuration.width];
  const side = (name: string, size: number[]): Tensor => input(name, size, 'int32');
  const numbers = {
    rowFactors: side('dropout.embedding.factors', [rows, 1]),
    rowOffsets: side('dropout.embedding.offsets', [rows, 1]),
    columnFactors: side(`dropout.${columns} columns.factors`, [1, columns]),
    columnOffsets: side(`dropout.${columns} columns.offsets`, [1, columns]),
  };
  const factors = dropoutFactors(numbers, { shape: [rows, columns], probability });
  const read = new Set(factors.node.inputs.map(({ node }) => (node as OpNode<'input'>).attributes.name));
  return { factors, feeds: Object.fromEntries(Object.entries(feeds).filter(([name]) => read.has(name))) };
}

/** Which of them are 0. */
function zeros(seed: number, batch: number): boolean[] {
  const { factors, feeds } = drawn(seed, batch);
  const [values] = evaluate([factors], new Map(Object.entries(feeds)));
  return [...values!].map((value) => value === 0);
}

const engines: readonly (readonly [string, Engine])[] = [
  [testEngine.name, testEngine],
  ['graphs as for CUDA', processorDevice(cudaTarget)],
  ['graphs as for WebGPU', processorDevice(webGpuTarget)],
];

it.each(testEngine.name.startsWith('tfjs') ? engines.slice(1) : engines)(
  'factors are computed by their formula: %s',
  async (_, engine) => {
    const { factors, feeds } = drawn(3, 1);
    const program = await engine.compile({ factors });
    const result = new Float32Array(elementCount(factors.shape));
    await program.run(feeds, { factors: result });
    await program.dispose();
    const [expected] = evaluate([factors], new Map(Object.entries(feeds)));
    expect(result).toEqual(Float32Array.from(expected!));
    expect(new Set(result)).toEqual(new Set([0, Math.fround(1 / (1 - probability))]));
  },
);

describe('which factors are 0', () => {
  /** Distance of a count from its expectation, in standard deviations. */
  const deviation = (count: number, total: number, share: number): number =>
    (count - total * share) / Math.sqrt(total * share * (1 - share));
  const first = zeros(1, 0);
  const width = configuration.width;
  const sameIn = (a: readonly boolean[], b: readonly boolean[]): number =>
    deviation(
      a.filter((isZero, index) => isZero && b[index]).length,
      Math.min(a.length, b.length),
      probability ** 2,
    );

  it('is chance: the share, that of each row, and of pairs of neighbours', () => {
    expect(Math.abs(deviation(first.filter(Boolean).length, first.length, probability))).toBeLessThan(4);
    const rows = Array.from({ length: first.length / width }, (_, row) =>
      first.slice(row * width, (row + 1) * width),
    );
    const ofRows = rows.map((row) => deviation(row.filter(Boolean).length, width, probability));
    const square = ofRows.reduce((sum, value) => sum + value ** 2, 0);
    expect(Math.abs(square - rows.length) / Math.sqrt(2 * rows.length)).toBeLessThan(4);
    for (const distance of [1, 2, width, width + 1, 5 * width])
      expect(Math.abs(sameIn(first.slice(distance), first)), `${distance}`).toBeLessThan(4);
  });

  it('depends on seed and batch alone', () => {
    expect(zeros(1, 0)).toEqual(first);
    for (const other of [zeros(1, 1), zeros(2, 0)]) {
      expect(other).not.toEqual(first);
      expect(Math.abs(sameIn(other, first))).toBeLessThan(4);
    }
  });
});

it.runIf(!testEngine.name.startsWith('tfjs'))(
  'the loss and its gradients are those of such factors',
  async () => {
    const { rows, rowLength } = oracle.batch;
    const size = { rows, rowLength };
    const own = trainingGraph(oracle.configuration, size, { dropout: { probability } });
    const numbers = new DeviceDropoutNumbers(oracle.configuration, size, 4).draw(2);
    const given = trainingGraph(oracle.configuration, size, { dropout: 'inputs' });
    // What the first graph draws, under the names of the second's inputs.
    const nodes = topologicalOrder(Object.values(own)).filter(({ op }) => op === 'dropoutFactors');
    const values = evaluate(
      nodes.map(({ outputs }) => outputs[0]!),
      new Map(Object.entries(numbers)),
    );
    const factors = nodes.map(({ inputs }, index) => {
      const { name } = (inputs[0]!.node as OpNode<'input'>).attributes;
      return [name.replace(/\.factors$/, ''), Float32Array.from(values[index]!)] as const;
    });
    const run = async (graph: typeof own, feeds: Record<string, NumericArray>) => {
      const gradients = createParameterStore(parameterSpecifications(oracle.configuration));
      const loss = new Float32Array(1);
      const program = await testEngine.compile(graph);
      const results = Object.fromEntries(
        [...gradients.views].map(([name, view]) => [gradientName(name), view]),
      );
      const all = { ...oracleFeeds(), ...Object.fromEntries(oracleParameters().views), ...feeds };
      await program.run(all, { loss, ...results });
      await program.dispose();
      return { gradients, loss: loss[0]! };
    };
    const [received, expected] = [await run(own, numbers), await run(given, Object.fromEntries(factors))];
    expect(received.loss).toBeCloseTo(expected.loss, 6);
    expect(received.loss).not.toBeCloseTo(oracle.loss, 4);
    expect(relativeError(received.gradients.flat, expected.gradients.flat)).toBeLessThan(1e-5);
  },
);

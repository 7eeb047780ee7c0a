import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import type { NumericArray } from '../../../src/model/engine/engine.js';
import { gradients } from '../../../src/model/graph/autodiff.js';
import { input, quantizedMatmul } from '../../../src/model/graph/builder.js';
import { elementCount } from '../../../src/model/graph/shape.js';
import { type OpNode, type Tensor, topologicalOrder } from '../../../src/model/graph/tensor.js';
import { gradientName, trainingGraph } from '../../../src/model/training/loss-graph.js';
import { quantizeMatrix } from '../../../src/model/transformer/decode-weights.js';
import { quantizableMatrices, quantizedValues } from '../../../src/model/transformer/frozen-matrices.js';
import { loraSpecifications } from '../../../src/model/transformer/lora.js';
import {
  createParameterStore,
  initializeParameters,
  parameterSpecifications,
} from '../../../src/model/transformer/parameters.js';
import { evaluate } from '../graph/reference.js';
import { testEngine as engine } from '../test-engine.js';

const seed = 20_261_127;
const [rows, rowLength] = [2, 16];
const configuration = {
  vocabularySize: 61,
  contextLength: 32,
  width: 48,
  layers: 2,
  heads: 3,
  layerNormEpsilon: 1e-5,
};

const draw = (name: string, length: number): Float32Array => {
  const random = createRandom(seed, name);
  return Float32Array.from({ length }, () => random.normal());
};

it('the gradient of a product in 8 bits is g·Wᵀ, up to half a step of each factor', () => {
  const [n, c, m] = [3, 8, 5];
  const [weights, g] = [draw('w', c * m), draw('g', n * m)];
  const [w, transposed] = [
    quantizeMatrix(weights, c, m),
    quantizeMatrix(weights, m, c, { transposed: true }),
  ];
  const x = input('x', [n, c]);
  const upstream = input('g', [n, m]);
  const product = quantizedMatmul(x, input('w', [c, m], 'int8'), input('s', [m]), {
    w: input('wt', [m, c], 'int8'),
    scales: input('st', [c]),
  });
  const feeds = new Map<string, ArrayLike<number>>([
    ['x', draw('x', n * c)],
    ['g', g],
    ['w', w.values],
    ['s', w.scales],
    ['wt', transposed.values],
    ['st', transposed.scales],
  ]);
  const [byX] = evaluate(gradients([product], [upstream], [x]), feeds as Parameters<typeof evaluate>[1]);
  for (let row = 0; row < n; row++) {
    const own = g.subarray(row * m, (row + 1) * m);
    const halfStep = Math.max(...own.map(Math.abs)) / 254;
    for (let column = 0; column < c; column++) {
      const factors = weights.subarray(column * m, (column + 1) * m);
      const exact = own.reduce((sum, value, k) => sum + value * factors[k]!, 0);
      const bound = own.reduce(
        (sum, value, k) =>
          sum +
          halfStep * Math.abs(factors[k]!) +
          (Math.abs(value) + halfStep) * (transposed.scales[column]! / 2),
        0,
      );
      expect(Math.abs(byX![row * c + column]! - exact)).toBeLessThanOrEqual(bound + 1e-6);
    }
  }
});

describe('a step of training adapters', () => {
  const frozen = createParameterStore(parameterSpecifications(configuration));
  const adapters = createParameterStore(loraSpecifications(configuration, 4));
  initializeParameters(frozen, seed);
  for (const [name, view] of adapters.views) view.set(draw(name, view.length).map((value) => value / 8));
  const matrices = quantizableMatrices(frozen.specifications);
  const graphOf = (quantized: typeof matrices): Record<string, Tensor> =>
    trainingGraph(configuration, { rows, rowLength }, { trainable: adapters.specifications, quantized });

  async function step(quantized: typeof matrices): Promise<Record<string, Float32Array>> {
    const constants = quantizedValues(frozen, quantized);
    const program = await engine.compile(graphOf(quantized), { constants });
    const tokens = rows * rowLength;
    const random = createRandom(seed, 'tokens');
    const ids = (): Int32Array =>
      Int32Array.from({ length: tokens }, () => random.integer(configuration.vocabularySize));
    const parameters: [string, NumericArray][] = [...frozen.views, ...adapters.views];
    const results: Record<string, Float32Array> = { loss: new Float32Array(1) };
    for (const { name, shape } of adapters.specifications)
      results[gradientName(name)] = new Float32Array(elementCount(shape));
    const feeds = {
      ...Object.fromEntries(parameters.filter(([name]) => !constants.has(name))),
      inputIds: ids(),
      targetIds: ids(),
      positionIds: Int32Array.from({ length: tokens }, (_, position) => position % rowLength),
      targetWeights: new Float32Array(tokens).fill(1 / tokens),
      attentionMask: Float32Array.from({ length: tokens * rowLength }, (_, element) =>
        element % rowLength <= Math.floor(element / rowLength) % rowLength ? 0 : -1e9,
      ),
    };
    await program.run(feeds, results);
    await program.dispose();
    return results;
  }

  it('has the loss and the gradients of float32 nearly', async () => {
    const [exact, rounded] = [await step([]), await step(matrices)];
    expect(Math.abs(rounded['loss']![0]! / exact['loss']![0]! - 1)).toBeLessThan(1e-3);
    const norm = (values: Float32Array): number => Math.hypot(...values);
    for (const { name } of adapters.specifications) {
      const [a, b] = [exact[gradientName(name)]!, rounded[gradientName(name)]!];
      expect(norm(a), name).toBeGreaterThan(0);
      expect(norm(a.map((value, index) => value - b[index]!)) / norm(a), name).toBeLessThan(0.05);
    }
  });

  it('multiplies with every matrix of the blocks in 8 bits, forward and back to the first adapter', () => {
    const nodes = topologicalOrder(Object.values(graphOf(matrices)));
    const count = (accept: (node: OpNode) => boolean): number => nodes.filter(accept).length;
    expect(count(({ op }) => op === 'quantizedMatmul')).toBe(8 * configuration.layers - 1);
    const losses = nodes.filter((node) => node.op === 'linearCrossEntropy') as OpNode<'linearCrossEntropy'>[];
    expect(losses.map(({ attributes }) => attributes.quantized)).toEqual([true]);
    const names = nodes.flatMap((node) =>
      node.op === 'input' ? [(node as OpNode<'input'>).attributes.name] : [],
    );
    const held = [...quantizedValues(frozen, matrices).keys()];
    expect(names).toEqual(expect.arrayContaining(held));
  });
});

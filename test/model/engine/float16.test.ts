import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { narrow, widen } from '../../../src/model/engine/float-formats.js';
import { float16Shortage } from '../../../src/model/engine/float16.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime/cpu-engine.js';
import { createTfjsEngine } from '../../../src/model/engine/tfjs.js';
import * as graph from '../../../src/model/graph/builder.js';
import { elementCount, type Shape } from '../../../src/model/graph/shape.js';
import type { Tensor } from '../../../src/model/graph/tensor.js';
import { evaluate, toFloat16 } from '../graph/reference.js';
import { hasFloat16, testEngine } from '../test-engine.js';

describe('float16 in 16 bits', () => {
  it('every value survives, and what lies between two becomes the nearer, ties the even one', () => {
    const bits = Uint16Array.from({ length: 1 << 16 }, (_, index) => index);
    const values = new Float32Array(bits.length);
    widen('F16', bits, values);
    const isNumber = (index: number): boolean => (index & 0x7fff) <= 0x7c00;
    expect([...narrow(values)].filter((half, index) => isNumber(index) && half !== index)).toEqual([]);
    expect(narrow(Float32Array.of(Number.NaN))[0]! & 0x7fff).toBeGreaterThan(0x7c00);
    const random = createRandom(1, 'halves');
    const between = Float32Array.from({ length: 20_000 }, (_, index) =>
      index % 2 === 0
        ? random.normal() * 2 ** (random.integer(44) - 28)
        : (values[index]! + values[index + 1]!) / 2,
    ).map((value) => (Number.isFinite(value) ? value : 65_519.99));
    const rounded = new Float32Array(between.length);
    widen('F16', narrow(between), rounded);
    const withoutSignedZero = (value: number): number => value + 0;
    expect([...rounded].map(withoutSignedZero)).toEqual([...between].map(toFloat16));
  });
});

describe('what does not compute in float16 says why', () => {
  it('the processor, on which ONNX Runtime leaves the roundings out', async () => {
    expect(await float16Shortage(createOnnxRuntimeEngine({ threads: 2 }))).toBe(
      'it computes float16 in float32',
    );
  });

  it('TensorFlow.js', async () => {
    expect(await float16Shortage(createTfjsEngine(tf))).toBe('TensorFlow.js has no float16');
  });
});

const half = (x: Tensor | undefined): Tensor => graph.cast(x!, 'float16');

/**
 * Unit roundoff: float16 has a significand of 11 bits, so that rounding a number to nearest changes it by at most this
 * share (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 2.1).
 */
const unitRoundoff = 2 ** -11;

/** Most products of a sum that is kept in float16 (`maximumHalfSum` of webgpu-ops.ts); longer ones are cut. */
const longestSum = 1024;

/**
 * What an error may be, in unit roundoffs of Σ |terms|: a sum of n products kept in float16 rounds n times, and errors
 * of either sign grow with √n, to λ√n at most but for one sum in e^(λ²/2)/2 (Higham and Mary, "A New Approach to
 * Probabilistic Rounding Error Analysis", 2019, theorem 2.4); λ is 2. Then the result is rounded, and once more with what
 * is added.
 */
const ofSum = (products: number, additions = 0): number =>
  2 * Math.sqrt(Math.min(products, longestSum)) + 1 + additions;

/** What the graphs compute in float16, each with inputs and the errors that it may have; see {@link ofSum}. */
const cases: readonly (readonly [string, readonly Shape[], (...inputs: Tensor[]) => Tensor, number])[] = [
  ['rounding', [[300]], (x) => half(x), 0],
  ['a + b', [[2, 3], [3]], (a, b) => graph.add(half(a), half(b)), 1],
  ['2·a', [[2, 3]], (a) => graph.multiply(half(a), 2), 0],
  [
    'x·w',
    [
      [4, 24],
      [24, 8],
    ],
    (x, w) => graph.matmul(half(x), half(w)),
    ofSum(24),
  ],
  [
    'xᵀ·w',
    [
      [24, 4],
      [24, 8],
    ],
    (x, w) => graph.matmul(half(x), half(w), { transposeA: true }),
    ofSum(24),
  ],
  [
    'x·wᵀ',
    [
      [4, 24],
      [8, 24],
    ],
    (x, w) => graph.matmul(half(x), half(w), { transposeB: true }),
    ofSum(24),
  ],
  [
    'x·w + b',
    [[4, 24], [24, 8], [8]],
    (x, w, b) => graph.add(graph.matmul(half(x), half(w)), half(b)),
    ofSum(24, 1),
  ],
  [
    'stacked α·x·wᵀ',
    [
      [2, 3, 4, 8],
      [2, 3, 4, 8],
    ],
    (x, w) => graph.matmul(half(x), half(w), { transposeB: true, alpha: 0.25 }),
    ofSum(8),
  ],
  ...[false, true].flatMap((transposeA) =>
    [false, true].map((transposeB): (typeof cases)[number] => [
      `a long sum of positive terms, plus b; transposed: ${transposeA}, ${transposeB}`,
      [transposeA ? [2500, 3] : [3, 2500], transposeB ? [4, 2500] : [2500, 4], [4]],
      (x, w, b) => {
        const [a, c] = [x, w].map((factor) => half(graph.multiply(factor!, factor!))) as [Tensor, Tensor];
        return graph.add(graph.matmul(a, c, { transposeA, transposeB, alpha: 0.125 }), half(b));
      },
      ofSum(2500, 1),
    ]),
  ),
  ['chunks', [[4, 6]], (x) => graph.concat(graph.split(half(x), 1, [2, 4]).toReversed(), 1), 0],
  ['axes', [[2, 3, 4, 2]], (x) => graph.reshape(graph.transpose(half(x), [0, 2, 1, 3]), [8, 6]), 0],
];

describe.runIf(hasFloat16)(`float16 on ${testEngine.name}`, () => {
  it.each(cases)('%s', async (name, shapes, build, roundings) => {
    const random = createRandom(3, name);
    const feeds = Object.fromEntries(
      shapes.map((shape, index) => [
        `x${index}`,
        Float32Array.from({ length: elementCount(shape) }, () => random.normal()),
      ]),
    );
    const output = graph.cast(
      build(...shapes.map((shape, index) => graph.input(`x${index}`, shape))),
      'float32',
    );
    const program = await testEngine.compile({ output });
    const result = new Float32Array(elementCount(output.shape));
    await program.run(feeds, { output: result });
    await program.dispose();
    const [expected] = evaluate([output], new Map(Object.entries(feeds)));
    // All graphs are sums of products with positive factors: of magnitudes they give the magnitudes of their terms.
    const magnitudes = Object.entries(feeds).map(([key, values]) => [key, values.map(Math.abs)] as const);
    const [terms] = evaluate([output], new Map(magnitudes));
    for (const [element, value] of expected!.entries()) {
      const difference = Math.abs(result[element]! - value);
      expect(difference, `element ${element}`).toBeLessThanOrEqual(
        roundings * unitRoundoff * terms![element]!,
      );
    }
  });

  it('is infinite beyond its range', async () => {
    const program = await testEngine.compile({ y: graph.cast(half(graph.input('x', [2])), 'float32') });
    const y = new Float32Array(2);
    await program.run({ x: Float32Array.of(65_504, -1e6) }, { y });
    await program.dispose();
    expect([...y]).toEqual([65_504, Number.NEGATIVE_INFINITY]);
  });
});

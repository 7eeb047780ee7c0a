import { expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import type { NumericArray } from '../../../src/model/engine/engine.js';
import { cudaTarget } from '../../../src/model/engine/onnx/cuda-ops.js';
import { exportOnnx } from '../../../src/model/engine/onnx/export.js';
import { OrtSession } from '../../../src/model/engine/onnxruntime/session.js';
import { input, reduceSum, scatterAddRows, sumOfSquares } from '../../../src/model/graph/builder.js';
import { elementCount } from '../../../src/model/graph/shape.js';
import { inputsOf, type Tensor } from '../../../src/model/graph/tensor.js';
import { caseInputs } from '../graph/case-inputs.js';
import { opCases } from '../graph/cases.js';
import { evaluate } from '../graph/reference.js';

/** Results of a graph as it is written for CUDA, computed by the processor's kernels. */
async function compute(output: Tensor, feeds: Readonly<Record<string, NumericArray>>): Promise<Float32Array> {
  const model = exportOnnx({ output }, { target: cudaTarget });
  const session = await OrtSession.open(model, inputsOf([output]), new Map([['output', output]]), {
    threads: 2,
  });
  const result = new Float32Array(elementCount(output.shape));
  await session.run(feeds, { output: result });
  await session.dispose();
  return result;
}

function expectAlike(
  result: Float32Array,
  output: Tensor,
  feeds: ReadonlyMap<string, ArrayLike<number>>,
): void {
  const [expected] = evaluate([output], feeds);
  for (const [element, value] of expected!.entries()) {
    const difference = Math.abs(result[element]! - value);
    expect(difference, `element ${element}`).toBeLessThan(1e-5 * (1 + Math.abs(value)));
  }
}

for (const op of ['reduceSum', 'sumOfSquares', 'scatterAddRows'] as const) {
  it.each(opCases[op].map((opCase) => [opCase.name, opCase] as const))(
    'as it is written for CUDA: %s',
    async (_, opCase) => {
      const { tensors, feeds } = caseInputs(opCase, 7);
      const output = opCase.build(...tensors);
      const result = await compute(output, Object.fromEntries(feeds) as Record<string, NumericArray>);
      expectAlike(result, output, feeds);
    },
  );
}

it.each([
  ['the last axis of three', [3, 4, 50], (x: Tensor) => reduceSum(x, [2])],
  ['the last axis of three, kept', [3, 4, 50], (x: Tensor) => reduceSum(x, [2], true)],
  ['rows', [70, 40], (x: Tensor) => reduceSum(x, [0])],
  ['rows, kept', [70, 40], (x: Tensor) => reduceSum(x, [0], true)],
  ['a middle axis', [3, 4, 5], (x: Tensor) => reduceSum(x, [1])],
  ['everything, folded', [1100, 64], (x: Tensor) => reduceSum(x)],
  ['a long vector, folded', [64 * 1025], (x: Tensor) => reduceSum(x)],
  ['a long vector that does not fold', [65_537], (x: Tensor) => reduceSum(x)],
  ['squares of a matrix, folded', [1100, 64], (x: Tensor) => sumOfSquares(x)],
  ['squares of a vector', [100], (x: Tensor) => sumOfSquares(x)],
])('sums over %s', async (name, shape, build) => {
  const random = createRandom(2, name);
  const output = build(input('x', shape));
  const x = Float32Array.from({ length: elementCount(shape) }, () => random.normal());
  expectAlike(await compute(output, { x }), output, new Map([['x', x]]));
});

it.each([
  ['a table of fewer rows than there are updates: a product alone', 40, 8, 3],
  ['a table of more rows', 40, 300, 3],
  ['so many updates that equal indices are looked for in parts', 4200, 5000, 1],
  ['so long a table that its rows are looked for in parts', 4200, 4100, 1],
])('rows are added for CUDA without its atomics: %s', async (name, count, tableRows, width) => {
  const random = createRandom(1, name);
  const output = scatterAddRows(input('x', [count, width]), input('indices', [count], 'int32'), tableRows);
  const feeds = {
    x: Float32Array.from({ length: count * width }, () => random.normal()),
    indices: Int32Array.from({ length: count }, () => random.integer(Math.ceil(tableRows / 2))),
  };
  expectAlike(await compute(output, feeds), output, new Map(Object.entries(feeds)));
});

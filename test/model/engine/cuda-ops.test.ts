import { expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { cudaTarget } from '../../../src/model/engine/onnx/cuda-ops.js';
import { exportOnnx } from '../../../src/model/engine/onnx/export.js';
import { OrtSession } from '../../../src/model/engine/onnxruntime/session.js';
import { input, scatterAddRows } from '../../../src/model/graph/builder.js';
import { inputsOf } from '../../../src/model/graph/tensor.js';
import { evaluate } from '../graph/reference.js';

/** The graph as it is written for CUDA, computed by the processor's kernels. */
it.each([
  ['a table of fewer rows than there are updates: a product alone', 40, 8, 3],
  ['a table of more rows', 40, 300, 3],
  ['so many updates that equal indices are looked for in parts', 4200, 5000, 1],
  ['so long a table that its rows are looked for in parts', 4200, 4100, 1],
])('rows are added for CUDA without its atomics: %s', async (name, count, tableRows, width) => {
  const random = createRandom(1, name);
  const output = scatterAddRows(input('x', [count, width]), input('indices', [count], 'int32'), tableRows);
  const model = exportOnnx({ output }, { target: cudaTarget });
  const session = await OrtSession.open(model, inputsOf([output]), new Map([['output', output]]), {
    threads: 2,
  });
  const feeds = {
    x: Float32Array.from({ length: count * width }, () => random.normal()),
    indices: Int32Array.from({ length: count }, () => random.integer(Math.ceil(tableRows / 2))),
  };
  const result = new Float32Array(tableRows * width);
  await session.run(feeds, { output: result });
  await session.dispose();
  const [expected] = evaluate([output], new Map(Object.entries(feeds)));
  const worst = Math.max(...expected!.map((value, index) => Math.abs(result[index]! - value)));
  expect(worst).toBeLessThan(1e-5);
});

import { expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import type { NumericArray } from '../../../src/model/engine/engine.js';
import { cudaTarget } from '../../../src/model/engine/onnx/cuda-ops.js';
import { exportOnnx } from '../../../src/model/engine/onnx/export.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime/cpu-engine.js';
import { OrtSession } from '../../../src/model/engine/onnxruntime/session.js';
import { elementCount } from '../../../src/model/graph/shape.js';
import { inputsOf } from '../../../src/model/graph/tensor.js';
import { trainingGraph } from '../../../src/model/training/loss-graph.js';
import type { LossLayout } from '../../../src/model/training/output-loss.js';

const configuration = {
  vocabularySize: 320,
  contextLength: 16,
  width: 16,
  layers: 2,
  heads: 2,
  layerNormEpsilon: 1e-5,
};
const [rows, rowLength] = [4, 16];
const tokens = rows * rowLength;
/** As CUDA has it: any buffer, and sums of float16 in float32. */
const layout: LossLayout = {
  logits: 1 << 28,
  piece: undefined,
  tensor: Number.POSITIVE_INFINITY,
  halfProducts: true,
};
const graph = trainingGraph(configuration, { rows, rowLength }, { layout });
const onProcessor = trainingGraph(configuration, { rows, rowLength });
const model = exportOnnx(graph, { target: cudaTarget });

function makeFeeds(): Record<string, NumericArray> {
  const random = createRandom(3, 'feeds');
  const ids = (): Int32Array => Int32Array.from({ length: tokens }, () => random.integer(20));
  const parameters = [...inputsOf(Object.values(graph))].map(([name, { shape }]) => [
    name,
    Float32Array.from({ length: elementCount(shape) }, () => 0.3 * random.normal()),
  ]);
  return {
    ...Object.fromEntries(parameters),
    inputIds: ids(),
    targetIds: ids(),
    positionIds: Int32Array.from({ length: tokens }, (_, token) => token % rowLength),
    targetWeights: new Float32Array(tokens).fill(1 / tokens),
    attentionMask: Float32Array.from({ length: tokens * rowLength }, (_, index) =>
      index % rowLength <= Math.floor(index / rowLength) % rowLength ? 0 : -1e9,
    ),
  };
}

it('has the loss and gradients of the processor as it is written for CUDA', async () => {
  const specifications = new Map(Object.entries(graph));
  const session = await OrtSession.open(model, inputsOf(Object.values(graph)), specifications, {
    threads: 2,
  });
  const program = await createOnnxRuntimeEngine({ threads: 2 }).compile(onProcessor);
  const make = (): Record<string, Float32Array> =>
    Object.fromEntries(
      [...specifications].map(([name, { shape }]) => [name, new Float32Array(elementCount(shape))]),
    );
  const [results, expected, feeds] = [make(), make(), makeFeeds()];
  await session.run(feeds, results);
  await program.run(feeds, expected);
  await session.dispose();
  await program.dispose();
  for (const [name, values] of Object.entries(expected)) {
    const norm = Math.hypot(...values);
    const difference = Math.hypot(...values.map((value, index) => results[name]![index]! - value));
    expect(difference, name).toBeLessThan(1e-4 * norm);
  }
});

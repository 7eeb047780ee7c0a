import { expect, it } from 'vitest';
import { cudaTarget } from '../../../src/model/engine/onnx/cuda-ops.js';
import { exportOnnx } from '../../../src/model/engine/onnx/export.js';
import { webGpuTarget } from '../../../src/model/engine/onnx/webgpu-ops.js';
import { gelu, geluGradient, input } from '../../../src/model/graph/builder.js';
import { interpretInHalf, toHalf } from './half-interpreter.js';

/** GELU's derivative in double precision. */
function slopeAt(x: number): number {
  const tanh = Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));
  const inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x ** 2);
  return 0.5 * (1 + tanh + x * (1 - tanh ** 2) * inner);
}

it.each([
  ['CUDA', cudaTarget, 12],
  ['WebGPU', webGpuTarget, 13],
])('the gradient of GELU in float16 as written for %s', (_, target, passes) => {
  const values = Float32Array.from({ length: 4001 }, (__, index) => (index - 2000) / 200);
  const x = input('x', [values.length], 'float16');
  const model = exportOnnx({ output: geluGradient(x, gelu(x), input('g', x.shape, 'float16')) }, { target });
  // Besides GELU itself.
  expect(model.proto.graph.node).toHaveLength(passes + 1);
  const ones = new Float32Array(values.length).fill(1);
  const found = interpretInHalf(model, { x: values, g: ones });
  const rounded = toHalf(values);
  const errors = found.map((slope, index) => Math.abs(slope - slopeAt(rounded[index]!)));
  // Rounding the exact slope to bfloat16, as PyTorch's autocast does, errs by up to 0.0039, to float16 by 0.0005.
  expect(Math.max(...errors)).toBeLessThan(0.005);
  const average = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  expect(average).toBeLessThan(2 ** -11);
  const large = Float32Array.of(-60_000, -300, -64, 64, 300, 60_000);
  const extremes = exportOnnx(
    {
      output: geluGradient(
        input('x', [6], 'float16'),
        gelu(input('x', [6], 'float16')),
        input('g', [6], 'float16'),
      ),
    },
    { target },
  );
  const slopes = interpretInHalf(extremes, { x: large, g: ones.subarray(0, 6) });
  expect([...slopes].map(Math.abs)).toEqual([0, 0, 0, 1, 1, 1]);
});

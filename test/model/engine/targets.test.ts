import { describe, expect, it } from 'vitest';
import { cudaTarget } from '../../../src/model/engine/onnx/cuda-ops.js';
import { webGpuTarget } from '../../../src/model/engine/onnx/webgpu-ops.js';
import { elementCount } from '../../../src/model/graph/shape.js';
import { caseInputs } from '../graph/case-inputs.js';
import { opCases } from '../graph/cases.js';
import { evaluate } from '../graph/reference.js';
import { processorDevice } from './processor-device.js';

const seed = 7;
const tolerance = 5e-6;

/** Ops in the form that is written for a card, computed by the processor's kernels. */
describe.each([
  { name: 'CUDA', target: cudaTarget },
  { name: 'WebGPU', target: webGpuTarget },
])('as for $name', ({ target }) => {
  const engine = processorDevice(target);

  it.each(
    Object.values(opCases)
      .flat()
      .map((opCase) => [opCase.name, opCase] as const),
  )('%s', async (_, opCase) => {
    const { tensors, feeds } = caseInputs(opCase, seed);
    const output = opCase.build(...tensors);
    const program = await engine.compile({ output });
    const result = new Float32Array(elementCount(output.shape));
    await program.run(Object.fromEntries(feeds) as Record<string, Float32Array>, { output: result });
    await program.dispose();
    const [expected] = evaluate([output], feeds);
    for (const [element, value] of expected!.entries())
      expect(Math.abs(result[element]! - value)).toBeLessThan(tolerance * (1 + Math.abs(value)));
  });
});

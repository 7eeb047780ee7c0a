import { expect, it } from 'vitest';
import { enginePrecision } from '../../../src/model/engine/mixed-precision.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime/cpu-engine.js';

const processor = createOnnxRuntimeEngine({ threads: 2 });

it('on an engine that is open: float32 on the processor, and an error for what it does not have', async () => {
  expect(await enginePrecision(processor, undefined)).toBe('off');
  expect(await enginePrecision(processor, 'auto')).toBe('off');
  expect(await enginePrecision(processor, 'off')).toBe('off');
  await expect(enginePrecision(processor, 'tf32')).rejects.toThrow(
    "mixedPrecision tf32 is not available on onnxruntime cpu: only NVIDIA's cards have it, by cuda.",
  );
  await expect(enginePrecision(processor, 'float16')).rejects.toThrow(
    'mixedPrecision float16 is not available on onnxruntime cpu: it computes float16 in float32.',
  );
});

it('a card whose kernels round float16 as they should not trains in float32', async () => {
  expect(await enginePrecision({ ...processor, computeCapability: 7.5 }, 'auto')).toBe('off');
});

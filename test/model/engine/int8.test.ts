import { expect, it } from 'vitest';
import { requireEngineInt8, requireInt8 } from '../../../src/model/engine/int8.js';
import { testEngine as engine } from '../test-engine.js';

it('has products in 8 bits on the processor alone', () => {
  const feature = '--frozen-precision int8';
  const reason = 'named';
  expect(() => requireInt8({ engine: 'onnxruntime', device: 'cpu', reason }, feature)).not.toThrow();
  expect(() => requireInt8({ engine: 'onnxruntime', device: 'webgpu', reason }, feature)).toThrow(
    '--frozen-precision int8 is not available on onnxruntime webgpu: only the processor computes in it.',
  );
  expect(() => requireEngineInt8(engine, feature)).not.toThrow();
});

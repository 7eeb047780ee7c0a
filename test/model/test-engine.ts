import { parseDevice } from '../../src/model/engine/device-choice.js';
import { float16Shortage } from '../../src/model/engine/float16.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { openEngine } from '../../src/model/engine/open-engine.js';

/** The device that `npm run test:device` names, such as `onnxruntime webgpu`; undefined in an ordinary test run. */
export const deviceUnderTest = process.env['TITLESMITH_TEST_DEVICE'];

/** What model tests run on: the device under test, or ONNX Runtime on the processor. */
export const testEngine = await (() => {
  if (!deviceUnderTest) return createOnnxRuntimeEngine({ threads: 2 });
  const choice = parseDevice(deviceUnderTest);
  if (!choice) throw new Error(`TITLESMITH_TEST_DEVICE names no device: ${deviceUnderTest}`);
  return openEngine(choice);
})();

/** Whether what is tested computes in float16, as some graphics cards do. */
export const hasFloat16 = (await float16Shortage(testEngine)) === undefined;

import type { DeviceChoice } from './device-choice.js';
import type { Engine } from './engine.js';
import { createOnnxRuntimeEngine, type OnnxRuntimeOptions } from './onnxruntime/cpu-engine.js';
import { openDeviceEngine } from './onnxruntime/device-engine.js';
import { createTfjsEngine } from './tfjs.js';
import { loadTfjs } from './tfjs-packages.js';

/**
 * Opens an engine on a device.
 * @param options for `onnxruntime`; TensorFlow chooses its threads itself.
 * @throws Error saying why the device cannot be used.
 */
export async function openEngine(
  { engine, device }: DeviceChoice,
  options: OnnxRuntimeOptions = {},
): Promise<Engine> {
  if (engine === 'tfjs') {
    if (device === 'webgpu') throw new RangeError('tfjs runs on cpu and cuda');
    return createTfjsEngine(await loadTfjs(device));
  }
  return device === 'cpu' ? createOnnxRuntimeEngine(options) : openDeviceEngine(device, options);
}

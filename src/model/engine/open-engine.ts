import { usageError } from '../../common/errors.js';
import { type ArgumentCheck, type ArgumentRules, checkArguments } from '../../options/call-arguments.js';
import { deviceNames, engineNames } from '../../options/choices.js';
import type { DeviceChoice } from './device-choice.js';
import type { Engine } from './engine.js';
import { createOnnxRuntimeEngine, type OnnxRuntimeOptions } from './onnxruntime/cpu-engine.js';
import { openDeviceEngine } from './onnxruntime/device-engine.js';
import { createTfjsEngine } from './tfjs.js';
import { loadTfjs } from './tfjs-packages.js';

/** One of some words, which cannot be left out. */
function isOneOf(words: readonly string[]): ArgumentCheck {
  return {
    accepts: (value) => typeof value === 'string' && words.includes(value),
    fault: `is none of ${words.join(', ')}`,
    required: true,
  };
}

const choiceArguments: ArgumentRules = { engine: isOneOf(engineNames), device: isOneOf(deviceNames) };

/**
 * Opens an engine on a device.
 * @param options for `onnxruntime`; TensorFlow chooses its threads itself.
 * @throws TitlesmithError `usage` when an argument is unknown or wrong; Error saying why the device cannot be used.
 */
export async function openEngine(choice: DeviceChoice, options: OnnxRuntimeOptions = {}): Promise<Engine> {
  const { engine, device } = checkArguments('openEngine', choice, choiceArguments);
  if (engine === 'tfjs') {
    if (device === 'webgpu') throw usageError('openEngine: tfjs runs on cpu and cuda, not on webgpu.');
    return createTfjsEngine(await loadTfjs(device));
  }
  return device === 'cpu' ? createOnnxRuntimeEngine(options) : openDeviceEngine(device, options);
}

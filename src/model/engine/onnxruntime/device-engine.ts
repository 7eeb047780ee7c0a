import type { Engine } from '../engine.js';
import { compileDeviceProgram } from '../onnx/device-program.js';
import type { OnnxRuntimeOptions } from './cpu-engine.js';
import { OrtDeviceMemory } from './device-memory.js';
import { provideRuntime } from './fetch-runtime.js';
import { type Provider, type ProviderName, providers } from './providers.js';
import { OrtSession } from './session.js';

/**
 * ONNX Runtime on a graphics card, with WebGPU or CUDA. Inputs and outputs of programs may stay on the card (`memory`);
 * arrays are copied there and back in each run.
 * @throws Error saying why the device cannot be used.
 */
export function openDeviceEngine(device: ProviderName, options: OnnxRuntimeOptions = {}): Promise<Engine> {
  return openProviderEngine(device, providers[device], options);
}

/** The same with any provider. @param device its name in the engine's. */
export async function openProviderEngine(
  device: string,
  provider: Provider,
  { threads = 0, profile }: OnnxRuntimeOptions = {},
): Promise<Engine> {
  await provideRuntime();
  const memory = await OrtDeviceMemory.open(provider, threads);
  const { largestBuffer } = memory;
  const computeCapability = provider.computeCapability?.();
  let programs = 0;
  return {
    name: `onnxruntime ${device}`,
    memory,
    sumsHalfInFloat32: provider.sumsHalfInFloat32 ?? false,
    ...(computeCapability === undefined ? {} : { computeCapability }),
    compile: (outputs, options = {}) => {
      // Numbered, as ONNX Runtime names them by the second.
      const file = profile === undefined ? undefined : `${profile}-${programs++}`;
      const { allowTf32 = false } = options;
      const device = { largestBuffer, ...(provider.target ? { target: provider.target } : {}) };
      return compileDeviceProgram(outputs, options, device, ({ model, inputs, outputs, ...rest }) =>
        OrtSession.open(model, inputs, outputs, {
          ...rest,
          threads,
          profile: file,
          appendProvider: (sessionOptions) => provider.append(sessionOptions, { allowTf32 }),
        }),
      );
    },
  };
}

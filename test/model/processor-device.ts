import type { Engine } from '../../src/model/engine/engine.js';
import type { OnnxTarget } from '../../src/model/engine/onnx/op-exporters.js';
import { openProviderEngine } from '../../src/model/engine/onnxruntime/device-engine.js';

/** What a device may be like. */
interface DeviceProperties {
  readonly isAddressable?: boolean;
  readonly target?: OnnxTarget;
  /** Bytes. Default: no limit. */
  readonly largestBuffer?: number;
}

/**
 * The processor, used as a device is: tensors of the runtime's own memory, copied there and back, and graphs as they are
 * exported for a device. It shows that all of that is right where there is no card, but not how fast it is.
 */
export function openProcessorDevice({
  largestBuffer = Number.POSITIVE_INFINITY,
  ...properties
}: DeviceProperties): Promise<Engine> {
  const provider = {
    ...properties,
    append: () => {},
    memoryName: 'Cpu',
    largestBuffer: () => largestBuffer,
  };
  return openProviderEngine('processor', provider, { threads: 2 });
}

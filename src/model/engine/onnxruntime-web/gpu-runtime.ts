import { TitlesmithError } from '../../../common/errors.js';
import { input, reshape } from '../../graph/builder.js';
import { exportOnnx } from '../onnx/export.js';
import { GpuQueue } from './gpu-queue.js';
import { Heap } from './heap.js';
import { type LoadedRuntime, type ReadBinary, startRuntime } from './runtime.js';
import { type SessionPlace, WasmSession } from './wasm-session.js';
import type { GpuDevice } from './web-gpu.js';

/** ONNX Runtime with WebGPU, and the card that it computes on. */
interface GpuRuntime {
  readonly runtime: LoadedRuntime;
  readonly place: Required<SessionPlace>;
  readonly device: GpuDevice;
}

let opened: Promise<GpuRuntime> | undefined;

/**
 * Loads ONNX Runtime with WebGPU once; it keeps its card as long as the worker or page lives, or until the browser takes the card away: then
 * it is loaded anew when it is asked for again.
 * @param folder URL of the folder with its files.
 * @throws Error saying why the card cannot be used.
 */
export function openGpuRuntime(folder: string, readBinary?: ReadBinary): Promise<GpuRuntime> {
  opened ??= open(folder, readBinary, () => {
    opened = undefined;
  });
  return opened;
}

async function open(
  folder: string,
  readBinary: ReadBinary | undefined,
  onLost: () => void,
): Promise<GpuRuntime> {
  // One thread, as what the processor does here is little.
  const runtime = await startRuntime('webgpu', folder, 1, readBinary);
  const { module } = runtime;
  module.asyncInit?.();
  let device: GpuDevice | undefined;
  module.webgpuInit!((found) => {
    device = found;
  });
  const queue = new GpuQueue();
  const place = { module, heap: new Heap(module), enqueue: queue.enqueue };
  // The first session lets ONNX Runtime ask for the card, with all that it allows, and stays: with its last session
  // ONNX Runtime gives the card back.
  const x = input('x', [1]);
  const y = reshape(x, [1, 1]);
  await WasmSession.open(place, {
    model: exportOnnx({ y }),
    inputs: new Map([['x', x]]),
    outputs: new Map([['y', y]]),
    constants: new Map(),
    dynamicRows: new Set(),
  });
  if (device) {
    queue.watch(device, onLost);
    return { runtime, place, device };
  }
  throw new TitlesmithError('ONNX Runtime names no graphics card that it computes on.', {
    code: 'device-unavailable',
  });
}

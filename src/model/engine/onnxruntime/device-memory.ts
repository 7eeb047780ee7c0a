import { input, reshape } from '../../graph/builder.js';
import type { TensorSpecification } from '../../graph/shape.js';
import { type DeviceMemory, type DeviceTensor, isArray, type NumericArray, type Value } from '../engine.js';
import { allocateInChunks, chunksOfPair } from '../onnx/chunked-tensor.js';
import { exportOnnx } from '../onnx/export.js';
import { onnxTypes } from '../onnx/schema.js';
import { explainDeviceError } from '../out-of-memory.js';
import { enqueueOnDevice, OrtDeviceTensor } from './device-tensor.js';
import { type Handle, newHandle, ortApi } from './ort-api.js';
import type { Provider } from './providers.js';
import { RowCopy, type RowPair } from './row-copy.js';
import { OrtSession, sharedEnvironment, wrap } from './session.js';

/** The memory of an execution provider's device. */
export class OrtDeviceMemory implements DeviceMemory {
  private constructor(
    /** The session that owns the allocator; referenced so that it stays alive. */
    readonly session: OrtSession,
    private readonly allocator: Handle,
    private readonly provider: Provider,
    private readonly threads: number,
    readonly largestBuffer: number,
  ) {}

  get isAddressable(): boolean {
    return this.provider.isAddressable ?? false;
  }

  private readonly rowCopies = new Map<string, Promise<RowCopy>>();

  /** @throws Error saying why the device cannot be used. */
  static async open(provider: Provider, threads: number): Promise<OrtDeviceMemory> {
    provider.prepare?.(() => sharedEnvironment(threads));
    const x = input('x', [1]);
    const y = reshape(x, [1, 1]);
    const specifications = { inputs: new Map([['x', x]]), outputs: new Map([['y', y]]) };
    const session = await OrtSession.open(exportOnnx({ y }), specifications.inputs, specifications.outputs, {
      threads,
      appendProvider: (options) => provider.append(options, {}),
    });
    const [deviceAllocator, defaultMemory] = [0, 0];
    const description = newHandle((out) =>
      ortApi().functions.createMemoryInfo(provider.memoryName, deviceAllocator, 0, defaultMemory, out),
    );
    return new OrtDeviceMemory(
      session,
      session.allocator(description),
      provider,
      threads,
      provider.largestBuffer(),
    );
  }

  allocate(specification: TensorSpecification): DeviceTensor {
    return allocateInChunks(specification, this.largestBuffer, (whole) => this.allocateBuffer(whole));
  }

  private allocateBuffer({ shape, dtype }: TensorSpecification): OrtDeviceTensor {
    const dimensions = BigInt64Array.from(shape, BigInt);
    const make = (): Handle =>
      newHandle((out) =>
        ortApi().functions.createTensorAsOrtValue(
          this.allocator,
          dimensions,
          shape.length,
          onnxTypes[dtype],
          out,
        ),
      );
    return new OrtDeviceTensor({ shape, dtype }, make, this.isAddressable);
  }

  write(pairs: readonly (readonly [from: NumericArray, to: DeviceTensor])[]): Promise<void> {
    return this.copy(pairs);
  }

  read(pairs: readonly (readonly [from: DeviceTensor, to: NumericArray])[]): Promise<void> {
    return this.copy(pairs);
  }

  copyRow(pairs: readonly RowPair[], fromRow: number, toRow: number): Promise<void> {
    const specifications = pairs.map(({ from, to }) => ({
      from: from.specification.shape,
      to: to.specification.shape,
      dtype: from.specification.dtype,
    }));
    const key = JSON.stringify(specifications);
    return enqueueOnDevice(async () => {
      const copy = this.rowCopies.get(key) ?? RowCopy.open(specifications, this.provider, this.threads);
      this.rowCopies.set(key, copy);
      await (await copy).run(pairs, fromRow, toRow);
    });
  }

  private async copy(whole: readonly (readonly [from: Value, to: Value])[]): Promise<void> {
    const { functions, check } = ortApi();
    const pairs = whole.flatMap(([from, to]) => chunksOfPair(from, to));
    const wrapped: Handle[] = [];
    const handleOf = (value: Value, { specification }: DeviceTensor): Handle => {
      if (value instanceof OrtDeviceTensor) return value.handleFor('copy', specification, false);
      const handle = wrap('copy', value as NumericArray, specification);
      wrapped.push(handle);
      return handle;
    };
    try {
      const status = await enqueueOnDevice(() => {
        const [from, to] = [0, 1].map((side) =>
          pairs.map((pair) => handleOf(pair[side]!, (isArray(pair[0]) ? pair[1] : pair[0]) as DeviceTensor)),
        ) as [Handle[], Handle[]];
        return new Promise<Handle | null>((resolve, reject) => {
          functions.copyTensors.async(
            sharedEnvironment(this.threads),
            from,
            to,
            null,
            pairs.length,
            (error, result) => (error ? reject(error) : resolve(result)),
          );
        });
      });
      check(status);
    } catch (error) {
      throw explainDeviceError(error);
    } finally {
      for (const handle of wrapped) functions.releaseValue(handle);
    }
  }
}

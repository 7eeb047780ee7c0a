import { input, reshape } from '../../graph/builder.js';
import type { Part } from '../../graph/large-tensors.js';
import type { TensorSpecification } from '../../graph/shape.js';
import { checkedShape, isArray } from '../arrays.js';
import { explainDeviceError } from '../device-memory-error.js';
import type { DeviceMemory, DeviceTensor, NumericArray, Value } from '../engine.js';
import { DeviceTensorParts, OrtDeviceTensor } from './device-tensor.js';
import { onDevice } from './device-turns.js';
import { exportOnnx } from './export.js';
import { largeParts } from './large-tensors.js';
import { created, type Handle, ortLibrary } from './library.js';
import type { Provider } from './provider.js';
import { RowCopy, type RowPair } from './row-copy.js';
import { onnxTypes } from './schema.js';
import { OrtSession, sharedEnvironment, wrap } from './session.js';

/** Memory of an execution provider's device. */
export class OrtDeviceMemory implements DeviceMemory {
  private constructor(
    /** Whose allocator this is; held so that it lives. */
    readonly session: OrtSession,
    private readonly allocator: Handle,
    private readonly description: Handle,
    private readonly provider: Provider,
    private readonly threads: number,
    readonly largestBuffer: number,
  ) {}

  private readonly rowCopies = new Map<string, Promise<RowCopy>>();

  /** @throws Error saying why the device cannot be used. */
  static async open(provider: Provider, threads: number): Promise<OrtDeviceMemory> {
    const x = input('x', [1]);
    const y = reshape(x, [1, 1]);
    const specifications = { inputs: new Map([['x', x]]), outputs: new Map([['y', y]]) };
    const session = await OrtSession.open(exportOnnx({ y }), specifications.inputs, specifications.outputs, {
      threads,
      constants: new Map(),
      freeRows: new Set(),
      packed: new Set(),
      unsignedWeights: false,
      appendProvider: provider.append,
    });
    const [deviceAllocator, defaultMemory] = [0, 0];
    const description = created((out) =>
      ortLibrary().functions.createMemoryInfo(provider.memoryName, deviceAllocator, 0, defaultMemory, out),
    );
    return new OrtDeviceMemory(
      session,
      session.allocator(description),
      description,
      provider,
      threads,
      provider.largestBuffer(),
    );
  }

  allocate(specification: TensorSpecification): DeviceTensor {
    const parts = largeParts('tensor', specification, this.largestBuffer);
    if (!parts) return this.allocateBuffer(specification);
    return new DeviceTensorParts(
      specification,
      parts.map((part) => ({ part, tensor: this.allocateBuffer(part.specification) })),
    );
  }

  private allocateBuffer({ shape, dtype }: TensorSpecification): OrtDeviceTensor {
    const dimensions = BigInt64Array.from(shape, BigInt);
    const make = (): Handle =>
      created((out) =>
        ortLibrary().functions.createTensorAsOrtValue(
          this.allocator,
          dimensions,
          shape.length,
          onnxTypes[dtype],
          out,
        ),
      );
    return new OrtDeviceTensor({ shape, dtype }, make, this.description);
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
    return onDevice(async () => {
      const copy = this.rowCopies.get(key) ?? RowCopy.open(specifications, this.provider, this.threads);
      this.rowCopies.set(key, copy);
      await (await copy).run(pairs, fromRow, toRow);
    });
  }

  private async copy(whole: readonly (readonly [from: Value, to: Value])[]): Promise<void> {
    const { functions, check } = ortLibrary();
    const pairs = whole.flatMap(([from, to]) => partsOfPair(from, to));
    const wrapped: Handle[] = [];
    const handleOf = (value: Value, { specification }: DeviceTensor): Handle => {
      if (value instanceof OrtDeviceTensor) return value.handleFor('copy', specification, false);
      const handle = wrap('copy', value as NumericArray, specification);
      wrapped.push(handle);
      return handle;
    };
    try {
      const status = await onDevice(() => {
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

/** A pair of an array and a tensor in parts as pairs of their own. */
function partsOfPair(from: Value, to: Value): (readonly [from: Value, to: Value])[] {
  if (from instanceof DeviceTensorParts) {
    return from.parts.map(({ part, tensor }) => [tensor, partOfArray(from, to as NumericArray, part)]);
  }
  if (to instanceof DeviceTensorParts) {
    return to.parts.map(({ part, tensor }) => [partOfArray(to, from as NumericArray, part), tensor]);
  }
  return [[from, to]];
}

function partOfArray({ specification }: DeviceTensor, array: NumericArray, part: Part): NumericArray {
  checkedShape('copy', array, specification, false);
  return array.subarray(part.start, part.end);
}

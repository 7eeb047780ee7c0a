import { TitlesmithError } from '../../../common/errors.js';
import { elementCount, type TensorSpecification } from '../../graph/shape.js';
import { checkedShape, type NumericArray, type Value } from '../engine.js';
import type { HostModel } from '../onnx/host-program.js';
import { elementBytes, onnxTypes } from '../onnx/schema.js';
import { encodeWithExternalWeights } from '../onnx/writer.js';
import { explainDeviceError } from '../out-of-memory.js';
import { GpuTensor } from './gpu-memory.js';
import type { Enqueue } from './gpu-queue.js';
import type { Block, Heap } from './heap.js';
import { fatal, lastError, type OrtModule } from './runtime.js';

type Values = Readonly<Record<string, Value>>;
type Specifications = ReadonlyMap<string, TensorSpecification>;

const allOptimizations = 99;
const sequential = 0;
/** Where a tensor's values are (wasm-common.ts of onnxruntime-web). */
const locations = { processor: 1, gpuBuffer: 4 } as const;

const bytesOf = ({ buffer, byteOffset, byteLength }: NumericArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The names of a session's inputs or outputs, in its memory. */
interface Names {
  readonly texts: readonly Block[];
  readonly list: Block;
}

/** A tensor of one run. */
interface RunTensor {
  readonly tensor: number;
  /** An array and its copy in the runtime's memory; undefined where the values lie there themselves, or on a card. */
  readonly copied?: { readonly array: NumericArray; readonly copy: Block };
  /** The graphics card's. */
  readonly tensorOnGpu?: GpuTensor;
}

/** What a session belongs to. */
export interface SessionPlace {
  readonly module: OrtModule;
  readonly heap: Heap;
  /** Of the graphics card, for what is computed there: its calls are promises, and must not overlap. */
  readonly enqueue?: Enqueue;
}

/** What a session knows of its model when it is loaded. */
type LoadedModel = Pick<HostModel, 'inputs' | 'outputs' | 'dynamicRows'>;

/**
 * An ONNX model loaded by ONNX Runtime's WebAssembly, which computes on the thread that calls, or on a graphics card.
 */
export class WasmSession {
  private isDisposed = false;

  private constructor(
    private readonly place: SessionPlace,
    private readonly session: number,
    private readonly model: LoadedModel,
    private readonly names: { readonly inputs: Names; readonly outputs: Names },
  ) {}

  /** Loads a model. Its constants are copied: their arrays are not read again. */
  static open(place: SessionPlace, host: Omit<HostModel, 'packed'>): Promise<WasmSession> {
    const { enqueue = (work) => work() } = place;
    return enqueue(() => WasmSession.load(place, host));
  }

  private static async load(
    place: SessionPlace,
    { model, constants, ...rest }: Omit<HostModel, 'packed'>,
  ): Promise<WasmSession> {
    const { module, heap, enqueue } = place;
    const encoded = encodeWithExternalWeights(model);
    for (const [name, { array }] of constants) module.mountExternalData(name, bytesOf(array));
    const bytes = heap.allocate(encoded.length);
    heap.write(encoded, bytes.address);
    // Neither an arena nor a pattern of all activations: what a run took is free for the next one of any program.
    const options = module._OrtCreateSessionOptions(
      allOptimizations,
      false,
      false,
      sequential,
      false,
      0,
      0,
      fatal,
      0,
      0,
    );
    try {
      if (options === 0) throw lastError(module);
      if (enqueue) await appendWebGpu(module, heap, options);
      const session = await module._OrtCreateSession(bytes.address, bytes.bytes, options);
      module.webgpuOnCreateSession?.(session);
      if (session === 0) throw lastError(module);
      const { inputs, outputs } = rest;
      const names = { inputs: writeNames(heap, inputs), outputs: writeNames(heap, outputs) };
      return new WasmSession(place, session, rest, names);
    } catch (error) {
      throw explainDeviceError(error);
    } finally {
      heap.free(bytes);
      if (options !== 0) module._OrtReleaseSessionOptions(options);
      module.unmountExternalData();
    }
  }

  /**
   * @throws RangeError on a missing or misshapen value; TitlesmithError `session-disposed`; OutOfDeviceMemoryError.
   */
  run(feeds: Values, results: Values): Promise<void> {
    const { enqueue = (work) => work() } = this.place;
    return enqueue(() => this.runNow(feeds, results));
  }

  private async runNow(feeds: Values, results: Values): Promise<void> {
    if (this.isDisposed) {
      throw new TitlesmithError('The program was disposed of, and runs no more.', {
        code: 'session-disposed',
        hint: 'Compile it again, or dispose of it later.',
      });
    }
    const { model, names } = this;
    const { module, heap } = this.place;
    const tensors: RunTensor[] = [];
    const lists: Block[] = [];
    try {
      const bind = (specifications: Specifications, values: Values, isRead: boolean): Block => {
        const bound = Array.from(specifications, ([name, specification]) => {
          const tensor = this.bind(name, specification, values[name], isRead);
          tensors.push(tensor);
          return tensor.tensor;
        });
        const list = heap.addresses(bound);
        lists.push(list);
        return list;
      };
      const [inputs, outputs] = [bind(model.inputs, feeds, true), bind(model.outputs, results, false)];
      const status = await module._OrtRun(
        this.session,
        names.inputs.list.address,
        inputs.address,
        model.inputs.size,
        names.outputs.list.address,
        model.outputs.size,
        outputs.address,
        0,
      );
      if (status !== 0) throw lastError(module);
      for (const { copied } of tensors.slice(model.inputs.size))
        if (copied) heap.read(copied.copy.address, copied.array);
    } catch (error) {
      throw explainDeviceError(error);
    } finally {
      for (const { tensor, copied, tensorOnGpu } of tensors) {
        module._OrtReleaseTensor(tensor);
        if (copied) heap.free(copied.copy);
        if (tensorOnGpu) module.webgpuUnregisterBuffer?.(tensorOnGpu.buffer);
      }
      for (const list of lists) heap.free(list);
    }
  }

  private bind(
    name: string,
    specification: TensorSpecification,
    value: Value | undefined,
    isRead: boolean,
  ): RunTensor {
    const { module, heap } = this.place;
    const hasDynamicRows = this.model.dynamicRows.has(name);
    if (value instanceof GpuTensor) {
      value.check(name, specification, hasDynamicRows);
      const { specification: own, buffer } = value;
      const handle = module.webgpuRegisterBuffer!(buffer, this.session);
      return {
        tensor: this.createTensor(own, { address: handle, bytes: bytesOfTensor(own) }, locations.gpuBuffer),
        tensorOnGpu: value,
      };
    }
    const array = value as NumericArray | undefined;
    const shape = checkedShape(name, array, specification, hasDynamicRows);
    const { byteLength: bytes } = array!;
    const own = { ...specification, shape };
    const known = heap.addressOf(array!);
    if (known !== undefined)
      return { tensor: this.createTensor(own, { address: known, bytes }, locations.processor) };
    const copy = heap.allocate(bytes);
    if (isRead) heap.write(array!, copy.address);
    return {
      tensor: this.createTensor(own, copy, locations.processor),
      copied: { array: array!, copy },
    };
  }

  private createTensor(
    { shape, dtype }: TensorSpecification,
    { address, bytes }: Block,
    location: number,
  ): number {
    const { module, heap } = this.place;
    const dimensions = heap.addresses(shape);
    const tensor = module._OrtCreateTensor(
      onnxTypes[dtype],
      address,
      bytes,
      dimensions.address,
      shape.length,
      location,
    );
    heap.free(dimensions);
    if (tensor === 0) throw lastError(module);
    return tensor;
  }

  dispose(): Promise<void> {
    const { enqueue = (work) => work() } = this.place;
    return enqueue(async () => {
      if (this.isDisposed) return;
      this.isDisposed = true;
      const { module, heap } = this.place;
      module.webgpuOnReleaseSession?.(this.session);
      module._OrtReleaseSession(this.session);
      for (const { texts, list } of Object.values(this.names))
        for (const block of [...texts, list]) heap.free(block);
    });
  }
}

const bytesOfTensor = ({ shape, dtype }: TensorSpecification): number =>
  elementBytes[dtype] * elementCount(shape);

/** Lets a session compute by WebGPU, on the card that ONNX Runtime chose for the first. */
async function appendWebGpu(module: OrtModule, heap: Heap, options: number): Promise<void> {
  module.webgpuRegisterDevice!();
  const name = heap.text('WebGPU');
  try {
    if ((await module._OrtAppendExecutionProvider(options, name.address, 0, 0, 0)) !== 0)
      throw lastError(module);
  } finally {
    heap.free(name);
  }
}

function writeNames(heap: Heap, specifications: Specifications): Names {
  const texts = Array.from(specifications.keys(), (name) => heap.text(name));
  return { texts, list: heap.addresses(texts.map(({ address }) => address)) };
}

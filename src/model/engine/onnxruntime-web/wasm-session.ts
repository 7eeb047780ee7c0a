import { TitlesmithError } from '../../../common/errors.js';
import type { TensorSpecification } from '../../graph/shape.js';
import { checkedShape, type NumericArray } from '../engine.js';
import type { HostModel, HostSession } from '../onnx/host-program.js';
import { onnxTypes } from '../onnx/schema.js';
import { encodeWithExternalWeights } from '../onnx/writer.js';
import { explainDeviceError } from '../out-of-memory.js';
import type { Block, Heap } from './heap.js';
import { fatal, lastError, type OrtModule } from './runtime.js';

type Arrays = Readonly<Record<string, NumericArray>>;
type Specifications = ReadonlyMap<string, TensorSpecification>;

const allOptimizations = 99;
const sequential = 0;
/** Where a tensor's values are (wasm-common.ts of onnxruntime-web). */
const onProcessor = 1;

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
  readonly array: NumericArray;
  /** A copy of the array; undefined where the array itself lies in the runtime's memory. */
  readonly copy: Block | undefined;
}

/** An ONNX model loaded by ONNX Runtime's WebAssembly, which runs on the thread that calls. */
export class WasmSession implements HostSession {
  private isDisposed = false;

  private constructor(
    private readonly module: OrtModule,
    private readonly heap: Heap,
    private readonly session: number,
    private readonly model: Omit<HostModel, 'model' | 'constants'>,
    private readonly names: { readonly inputs: Names; readonly outputs: Names },
  ) {}

  /** Loads a model. Its constants are copied: their arrays are not read again. */
  static async open(module: OrtModule, heap: Heap, host: HostModel): Promise<WasmSession> {
    const { model, constants, ...rest } = host;
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
      const session = await module._OrtCreateSession(bytes.address, bytes.bytes, options);
      if (session === 0) throw lastError(module);
      const { inputs, outputs } = rest;
      const names = { inputs: writeNames(heap, inputs), outputs: writeNames(heap, outputs) };
      return new WasmSession(module, heap, session, rest, names);
    } catch (error) {
      throw explainDeviceError(error);
    } finally {
      heap.free(bytes);
      if (options !== 0) module._OrtReleaseSessionOptions(options);
      module.unmountExternalData();
    }
  }

  /**
   * @throws RangeError on a missing or misshapen array; TitlesmithError `session-disposed`; OutOfDeviceMemoryError.
   */
  async run(feeds: Arrays, results: Arrays): Promise<void> {
    if (this.isDisposed) {
      throw new TitlesmithError('The program was disposed of, and runs no more.', {
        code: 'session-disposed',
        hint: 'Compile it again, or dispose of it later.',
      });
    }
    const { module, heap, model, names } = this;
    const tensors: RunTensor[] = [];
    const lists: Block[] = [];
    try {
      const bind = (specifications: Specifications, arrays: Arrays, isRead: boolean): Block => {
        const bound = Array.from(specifications, ([name, specification]) => {
          const tensor = this.bind(name, specification, arrays[name], isRead);
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
      for (const { array, copy } of tensors.slice(model.inputs.size))
        if (copy) heap.read(copy.address, array);
    } catch (error) {
      throw explainDeviceError(error);
    } finally {
      for (const { tensor, copy } of tensors) {
        module._OrtReleaseTensor(tensor);
        if (copy) heap.free(copy);
      }
      for (const list of lists) heap.free(list);
    }
  }

  private bind(
    name: string,
    specification: TensorSpecification,
    array: NumericArray | undefined,
    isRead: boolean,
  ): RunTensor {
    const { module, heap, model } = this;
    const shape = checkedShape(name, array, specification, model.dynamicRows.has(name));
    const values = array!;
    const known = heap.addressOf(values);
    const copy = known === undefined ? heap.allocate(values.byteLength) : undefined;
    const address = known ?? copy!.address;
    if (copy && isRead) heap.write(values, copy.address);
    const dimensions = heap.addresses(shape);
    const type = onnxTypes[specification.dtype];
    const tensor = module._OrtCreateTensor(
      type,
      address,
      values.byteLength,
      dimensions.address,
      shape.length,
      onProcessor,
    );
    heap.free(dimensions);
    if (tensor !== 0) return { tensor, array: values, copy };
    if (copy) heap.free(copy);
    throw lastError(module);
  }

  async dispose(): Promise<void> {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.module._OrtReleaseSession(this.session);
    for (const { texts, list } of Object.values(this.names))
      for (const block of [...texts, list]) this.heap.free(block);
  }
}

function writeNames(heap: Heap, specifications: Specifications): Names {
  const texts = Array.from(specifications.keys(), (name) => heap.text(name));
  return { texts, list: heap.addresses(texts.map(({ address }) => address)) };
}

import type { DType } from '../../graph/shape.js';
import type { NumericArray } from '../engine.js';
import { OutOfDeviceMemoryError } from '../out-of-memory.js';
import type { OrtModule } from './runtime.js';

const arrayTypes = { float32: Float32Array, float16: Uint16Array, int32: Int32Array, int8: Int8Array };

/** Size of an address in bytes. */
const addressBytes = 4;

/** A range of the heap; freed by its owner. */
export interface Block {
  readonly address: number;
  readonly bytes: number;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The memory of ONNX Runtime's WebAssembly module. It grows, up to 4 GiB, and never shrinks. */
export class Heap {
  /** What was this memory's buffer: each time it grows it gets a new one, and the earlier ones are its beginning. */
  private readonly buffers = new WeakSet<ArrayBufferLike>();

  constructor(private readonly module: OrtModule) {}

  private get buffer(): ArrayBuffer {
    // Another thread may have let the memory grow: this call notices.
    this.module.getValue(0, 'i8');
    const { buffer } = this.module.HEAPU8;
    this.buffers.add(buffer);
    // Shared between threads, which what is given such an array need not know.
    return buffer as ArrayBuffer;
  }

  /** @throws OutOfDeviceMemoryError */
  allocate(bytes: number): Block {
    const address = this.module._malloc(Math.max(1, bytes));
    if (address === 0) {
      throw new OutOfDeviceMemoryError(
        'The browser gives this page no more memory.',
        'Ask for less at a time: --batch-size.',
        undefined,
      );
    }
    return { address, bytes };
  }

  free(block: Block): void {
    this.module._free(block.address);
  }

  /** An array over a block; valid until that is freed. */
  view({ address, bytes }: Block, dtype: DType): NumericArray {
    const type = arrayTypes[dtype];
    return new type(this.buffer, address, bytes / type.BYTES_PER_ELEMENT);
  }

  /** The address of an array that lies in this memory; undefined of any other. */
  addressOf(array: NumericArray): number | undefined {
    return this.buffers.has(array.buffer) ? array.byteOffset : undefined;
  }

  write(array: ArrayBufferView, address: number): void {
    new Uint8Array(this.buffer, address, array.byteLength).set(bytesOf(array));
  }

  read(address: number, array: ArrayBufferView): void {
    bytesOf(array).set(new Uint8Array(this.buffer, address, array.byteLength));
  }

  /** A new block with a text and the byte 0. */
  text(text: string): Block {
    const block = this.allocate(this.module.lengthBytesUTF8(text) + 1);
    this.module.stringToUTF8(text, block.address, block.bytes);
    return block;
  }

  /** A new block with addresses, or other whole numbers of their size. */
  addresses(values: readonly number[]): Block {
    const block = this.allocate(addressBytes * values.length);
    this.write(Int32Array.from(values), block.address);
    return block;
  }
}

import { elementCount, type Shape } from '../graph/shape.js';
import { elementBytes } from './safetensors-header.js';

/** A tensor to write, row-major; `values` is called once, when the tensor is written. */
export interface WritableTensor {
  readonly name: string;
  readonly shape: Shape;
  /** Type of the values: float32 where left out, or int8. */
  readonly dtype?: 'F32' | 'I8';
  readonly values: () => Float32Array | Int8Array;
}

/** A file whose bytes are made as they are asked for, once. */
export interface StreamedFile {
  readonly name: string;
  /** Number of its bytes. */
  readonly size: number;
  /** Its bytes from the beginning; a chunk may change once the next is asked for. */
  readonly chunks: () => Iterable<Uint8Array>;
}

/** Number of bytes in a chunk of a tensor. */
const chunkBytes = 1 << 24;

/** The tensors' place in the file, as its header has it: padded with spaces, as data begin at a multiple of 8. */
function formatHeader(
  tensors: readonly WritableTensor[],
  metadata: Readonly<Record<string, string>>,
): { readonly bytes: Uint8Array; readonly dataBytes: number } {
  let offset = 0;
  const entries = tensors.map(({ name, shape, dtype = 'F32' }) => {
    const start = offset;
    offset += (elementBytes.get(dtype) ?? 0) * elementCount(shape);
    return [name, { dtype, shape, data_offsets: [start, offset] }] as const;
  });
  const header = Object.fromEntries([['__metadata__', metadata] as const, ...entries]);
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(text, 8);
  return { bytes, dataBytes: offset };
}

/**
 * Tensors in the safetensors format: 8 bytes of header length, a JSON header, the data.
 * @param metadata strings to store in the header under `__metadata__`.
 */
export function safetensorsFile(
  name: string,
  tensors: readonly WritableTensor[],
  metadata: Readonly<Record<string, string>>,
): StreamedFile {
  const { bytes: header, dataBytes } = formatHeader(tensors, metadata);
  return {
    name,
    size: header.length + dataBytes,
    *chunks() {
      yield header;
      for (const { values } of tensors) {
        const { buffer, byteOffset, byteLength } = values();
        for (let start = 0; start < byteLength; start += chunkBytes)
          yield new Uint8Array(buffer, byteOffset + start, Math.min(chunkBytes, byteLength - start));
      }
    },
  };
}

import { type FileHandle, open } from 'node:fs/promises';
import { fileError } from '../../common/errors.js';
import { AtomicFile } from '../../io/atomic-file.js';
import { widen } from '../engine/float-formats.js';
import { elementCount, formatShape, type Shape } from '../graph/shape.js';
import { damagedCheckpoint, readSafetensorsHeader, type TensorEntry } from './safetensors-header.js';

/** A tensor to be written: float32, row-major; `values` is called once, when its turn comes. */
export interface WritableTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly values: () => Float32Array;
}

/** Bytes written or read at a time. */
const pieceBytes = 1 << 24;

const bytesOf = (data: Float32Array): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/**
 * Writes tensors in the safetensors format (8 bytes of header length, JSON header, data), atomically.
 * @param metadata strings kept in the header under `__metadata__`.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly WritableTensor[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  let offset = 0;
  const entries = tensors.map(({ name, shape }) => {
    const start = offset;
    offset += 4 * elementCount(shape);
    return [name, { dtype: 'F32', shape, data_offsets: [start, offset] }] as const;
  });
  const header = Object.fromEntries([['__metadata__', metadata] as const, ...entries]);
  const text = Buffer.from(JSON.stringify(header));
  // The data begins at a multiple of 8, as the format asks; the padding is spaces.
  const padded = Buffer.alloc(Math.ceil(text.length / 8) * 8, ' ');
  text.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const file = await AtomicFile.create(path);
  try {
    await file.write(length);
    await file.write(padded);
    for (const { values } of tensors) {
      const bytes = bytesOf(values());
      for (let start = 0; start < bytes.length; start += pieceBytes) {
        await file.write(bytes.subarray(start, start + pieceBytes));
      }
    }
  } catch (error) {
    await file.abort();
    throw error;
  }
  await file.commit();
}

/** An open safetensors file: its header is checked, tensors are read straight into memory the caller owns. */
export class SafetensorsFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    readonly metadata: Readonly<Record<string, string>>,
    private readonly entries: ReadonlyMap<string, TensorEntry>,
  ) {}

  /** @throws TitlesmithError when the file is missing, truncated, or its header lies about its content. */
  static async open(path: string): Promise<SafetensorsFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (error) {
      throw fileError('read', path, error);
    }
    try {
      const { metadata, entries } = await readSafetensorsHeader(path, handle);
      return new SafetensorsFile(path, handle, metadata, entries);
    } catch (error) {
      await handle.close();
      throw fileError('read', path, error);
    }
  }

  names(): string[] {
    return [...this.entries.keys()];
  }

  /** Undefined where the file does not hold the tensor. */
  shapeOf(name: string): Shape | undefined {
    return this.entries.get(name)?.shape;
  }

  /**
   * Reads one tensor of float32, float16 or bfloat16 as float32, piece by piece.
   * @param into receives the values; where it is shorter than the tensor, the first values.
   * @throws TitlesmithError naming the tensor when it is missing or of another shape or type.
   */
  async read(name: string, shape: Shape, into: Float32Array): Promise<void> {
    const entry = this.entries.get(name);
    if (!entry) throw damagedCheckpoint(this.path, `tensor ${name} is missing`);
    const { dtype } = entry;
    if (formatShape(entry.shape) !== formatShape(shape)) {
      const shapes = `has shape ${formatShape(entry.shape)}, needed is ${formatShape(shape)}`;
      throw damagedCheckpoint(this.path, `tensor ${name} ${shapes}`);
    }
    if (dtype === 'F32') return this.readBytes(name, entry.start, bytesOf(into));
    if (dtype !== 'F16' && dtype !== 'BF16') {
      throw damagedCheckpoint(this.path, `tensor ${name} has type ${dtype}, needed is F32, F16 or BF16`);
    }
    const piece = new Uint16Array(Math.min(pieceBytes / 2, into.length));
    for (let done = 0; done < into.length; done += piece.length) {
      const bits = piece.subarray(0, into.length - done);
      const bytes = new Uint8Array(bits.buffer, 0, bits.byteLength);
      await this.readBytes(name, entry.start + 2 * done, bytes);
      widen(dtype, bits, into.subarray(done, done + bits.length));
    }
  }

  /** Whether two tensors of this and another file have the same type and bytes. */
  async equalsTensor(name: string, otherFile: SafetensorsFile, otherName: string): Promise<boolean> {
    const [own, other] = [this.entries.get(name), otherFile.entries.get(otherName)];
    if (!own || !other || own.dtype !== other.dtype) return false;
    const length = own.end - own.start;
    if (other.end - other.start !== length) return false;
    const pieces = [Buffer.alloc(Math.min(pieceBytes, length)), Buffer.alloc(Math.min(pieceBytes, length))];
    for (let done = 0; done < length; done += pieceBytes) {
      const [a, b] = pieces.map((piece) => piece.subarray(0, length - done)) as [Buffer, Buffer];
      await this.readBytes(name, own.start + done, a);
      await otherFile.readBytes(otherName, other.start + done, b);
      if (!a.equals(b)) return false;
    }
    return true;
  }

  private async readBytes(name: string, start: number, into: Uint8Array): Promise<void> {
    for (let done = 0; done < into.length; ) {
      const length = Math.min(pieceBytes, into.length - done);
      const { bytesRead } = await this.handle.read(into, done, length, start + done);
      if (bytesRead === 0) throw damagedCheckpoint(this.path, `tensor ${name} ends early`);
      done += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

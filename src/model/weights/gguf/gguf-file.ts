import { type FileHandle, open } from 'node:fs/promises';
import { fileError } from '../../../common/errors.js';
import { formatShape, type Shape } from '../../graph/shape.js';
import { damagedCheckpoint } from '../open-model.js';
import type { TensorFile } from '../tensor-files.js';
import { Cursor, Shortage } from './cursor.js';
import { type GgufHeader, type Metadata, readHeader, type TensorPlace } from './header.js';
import { placeOfRow, type TensorNames } from './tensor-names.js';

/** Bytes of tensors read at a time, and of the header at first. */
const [chunkBytes, headerBytes] = [1 << 22, 1 << 22];

async function readFully(
  handle: FileHandle,
  into: Uint8Array,
  position: number,
  path: string,
): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) throw damagedCheckpoint(path, 'it ends early');
    done += bytesRead;
  }
}

/** Reads as much of the file as its header takes: twice as much whenever it was not enough. */
async function openHeader(handle: FileHandle, path: string): Promise<GgufHeader> {
  const { size } = await handle.stat();
  for (let length = headerBytes; ; length *= 2) {
    const bytes = new Uint8Array(Math.min(length, size));
    await readFully(handle, bytes, 0, path);
    try {
      return readHeader(new Cursor(path, bytes, size));
    } catch (error) {
      if (!(error instanceof Shortage)) throw error;
    }
  }
}

/** An open GGUF file with a checked header. Its tensors have the names and shapes of Hugging Face's files. */
export class GgufFile implements TensorFile {
  private renamed: TensorNames = new Map();

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly header: GgufHeader,
  ) {}

  /** @throws TitlesmithError when the file is missing, damaged or holds what is not read. */
  static async open(path: string): Promise<GgufFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (error) {
      throw fileError('read', path, error);
    }
    try {
      return new GgufFile(path, handle, await openHeader(handle, path));
    } catch (error) {
      await handle.close();
      throw fileError('read', path, error);
    }
  }

  get metadata(): Metadata {
    return this.header.metadata;
  }

  /** The file's own names. */
  get tensors(): ReadonlyMap<string, TensorPlace> {
    return this.header.tensors;
  }

  /** From now on tensors are called by these names; until then by none. */
  rename(names: TensorNames): void {
    this.renamed = names;
  }

  names(): string[] {
    return [...this.renamed.keys()];
  }

  shapeOf(name: string): Shape | undefined {
    const place = this.renamed.get(name);
    const sizes = place && this.tensors.get(place.stored)?.sizes;
    return place?.form === 'transposed' ? sizes : sizes?.toReversed();
  }

  /**
   * Reads one tensor as float32, some rows at a time.
   * @param into receives the values; if it is shorter than the tensor, only the first ones.
   * @throws TitlesmithError naming the tensor when it is missing, of another shape, or cut short.
   */
  async read(name: string, shape: Shape, into: Float32Array): Promise<void> {
    const place = this.renamed.get(name);
    const stored = place && this.tensors.get(place.stored);
    if (!place || !stored) throw damagedCheckpoint(this.path, `tensor ${name} is missing`);
    const own = formatShape(this.shapeOf(name)!);
    if (own !== formatShape(shape))
      throw damagedCheckpoint(this.path, `tensor ${name} has shape ${own}, needed is ${formatShape(shape)}`);
    const { type, sizes, bytes, start } = stored;
    const width = sizes[0]!;
    const rowBytes = (width / type.values) * type.bytes;
    const rows = bytes / rowBytes;
    const rowsAtOnce = Math.max(1, Math.floor(chunkBytes / rowBytes));
    const chunk = new Uint8Array(Math.min(rowsAtOnce, rows) * rowBytes);
    const values = new Float32Array(width);
    for (let row = 0; row < rows; row += rowsAtOnce) {
      const read = chunk.subarray(0, Math.min(rowsAtOnce, rows - row) * rowBytes);
      await readFully(this.handle, read, start + row * rowBytes, this.path);
      for (let index = 0; index * rowBytes < read.length; index++) {
        type.widen(read.subarray(index * rowBytes, (index + 1) * rowBytes), values);
        const { first, step } = placeOfRow(place.form, row + index, width, rows);
        if (step === 1 && first + width <= into.length) into.set(values, first);
        else {
          for (let column = 0, at = first; column < width && at < into.length; column++, at += step)
            into[at] = values[column]!;
        }
      }
    }
  }

  /** Whether two tensors of this file have the same type and bytes. */
  async equalsTensor(name: string, _other: TensorFile, otherName: string): Promise<boolean> {
    const [own, other] = [name, otherName].map((each) =>
      this.tensors.get(this.renamed.get(each)?.stored ?? ''),
    );
    if (own?.type !== other?.type || own?.bytes !== other?.bytes || !own || !other) return false;
    for (let done = 0; done < own.bytes; done += chunkBytes) {
      const length = Math.min(chunkBytes, own.bytes - done);
      const [a, b] = [Buffer.alloc(length), Buffer.alloc(length)];
      await readFully(this.handle, a, own.start + done, this.path);
      await readFully(this.handle, b, other.start + done, this.path);
      if (!a.equals(b)) return false;
    }
    return true;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

import type { ByteSource } from '../../io/byte-source.js';
import { widen } from '../engine/float-formats.js';
import { elementCount, formatShape, type Shape } from '../graph/shape.js';
import { damagedCheckpoint } from './open-model.js';
import { readSafetensorsHeader, type TensorEntry } from './safetensors-header.js';

/** What the name of the scales of an int8 tensor ends in. */
export const scaleEnding = '.scale';

/** Number of bytes read at a time. */
const chunkBytes = 1 << 24;

const bytesOf = (data: Float32Array | Int8Array): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** An open safetensors file with a checked header; tensors are read straight into the caller's arrays. */
export class SafetensorsFile {
  private constructor(
    /** What messages call the file. */
    readonly path: string,
    private readonly source: ByteSource,
    readonly metadata: Readonly<Record<string, string>>,
    private readonly entries: ReadonlyMap<string, TensorEntry>,
  ) {}

  /**
   * Reads a source's header; closes the source where that fails.
   * @throws TitlesmithError when it cannot be read or is cut short, or its header does not match its content.
   */
  static async open(source: ByteSource): Promise<SafetensorsFile> {
    try {
      const { metadata, entries } = await readSafetensorsHeader(source);
      return new SafetensorsFile(source.name, source, metadata, entries);
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** The tensors' names, without those of the scales of int8 tensors. */
  names(): string[] {
    return [...this.entries.keys()].filter((name) => !this.isScale(name));
  }

  private isScale(name: string): boolean {
    return name.endsWith(scaleEnding) && this.entries.get(name.slice(0, -scaleEnding.length))?.dtype === 'I8';
  }

  /** Undefined if the file does not hold the tensor. */
  shapeOf(name: string): Shape | undefined {
    return this.entries.get(name)?.shape;
  }

  /**
   * Reads one tensor of float32, float16, bfloat16 or int8 as float32, chunk by chunk. Each row of an int8 tensor is
   * multiplied by its scale, a float32 in the tensor of the same name with `.scale` behind it.
   * @param into receives the values; if it is shorter than the tensor, only the first ones.
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
    if (dtype === 'I8') return this.readScaled(name, entry, into);
    if (dtype !== 'F16' && dtype !== 'BF16') {
      throw damagedCheckpoint(this.path, `tensor ${name} has type ${dtype}, needed is F32, F16, BF16 or I8`);
    }
    const chunk = new Uint16Array(Math.min(chunkBytes / 2, into.length));
    for (let done = 0; done < into.length; done += chunk.length) {
      const bits = chunk.subarray(0, into.length - done);
      const bytes = new Uint8Array(bits.buffer, 0, bits.byteLength);
      await this.readBytes(name, entry.start + 2 * done, bytes);
      widen(dtype, bits, into.subarray(done, done + bits.length));
    }
  }

  private async readScaled(name: string, { start, shape }: TensorEntry, into: Float32Array): Promise<void> {
    const [rows = 1] = shape;
    const scales = new Float32Array(rows);
    await this.read(`${name}${scaleEnding}`, [rows], scales);
    const columns = elementCount(shape) / Math.max(1, rows);
    const perChunk = Math.max(1, Math.floor(chunkBytes / Math.max(1, columns))) * columns;
    const chunk = new Int8Array(Math.min(perChunk, into.length));
    for (let done = 0; done < into.length; done += chunk.length) {
      const values = chunk.subarray(0, into.length - done);
      await this.readBytes(name, start + done, bytesOf(values));
      for (let row = 0; row * columns < values.length; row++) {
        const scale = scales[done / columns + row]!;
        const end = Math.min(values.length, (row + 1) * columns);
        for (let index = row * columns; index < end; index++) into[done + index] = values[index]! * scale;
      }
    }
  }

  /** Whether two tensors of this and another file have the same type and bytes. */
  async equalsTensor(name: string, otherFile: SafetensorsFile, otherName: string): Promise<boolean> {
    const [own, other] = [this.entries.get(name), otherFile.entries.get(otherName)];
    if (!own || !other || own.dtype !== other.dtype) return false;
    const length = own.end - own.start;
    if (other.end - other.start !== length) return false;
    const chunks = [own, other].map(() => new Uint8Array(Math.min(chunkBytes, length)));
    for (let done = 0; done < length; done += chunkBytes) {
      const [a, b] = chunks.map((chunk) => chunk.subarray(0, length - done)) as [Uint8Array, Uint8Array];
      await this.readBytes(name, own.start + done, a);
      await otherFile.readBytes(otherName, other.start + done, b);
      if (a.some((byte, index) => byte !== b[index])) return false;
    }
    return true;
  }

  private async readBytes(name: string, start: number, into: Uint8Array): Promise<void> {
    for (let done = 0; done < into.length; done += chunkBytes) {
      const chunk = into.subarray(done, done + chunkBytes);
      const length = await this.source.read(chunk, start + done);
      if (length < chunk.length) throw damagedCheckpoint(this.path, `tensor ${name} ends early`);
    }
  }

  async close(): Promise<void> {
    await this.source.close();
  }
}

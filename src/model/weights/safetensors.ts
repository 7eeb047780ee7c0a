import { type FileHandle, open } from 'node:fs/promises';
import { fileError } from '../../common/errors.js';
import { AtomicFile } from '../../io/atomic-file.js';
import { widen } from '../engine/float-formats.js';
import { elementCount, formatShape, type Shape } from '../graph/shape.js';
import { damagedCheckpoint } from './open-model.js';

/** A tensor to write, row-major; `values` is called once, when the tensor is written. */
export interface WritableTensor {
  readonly name: string;
  readonly shape: Shape;
  /** Type of the values: float32 where left out, or int8. */
  readonly dtype?: 'F32' | 'I8';
  readonly values: () => Float32Array | Int8Array;
}

/** What the name of the scales of an int8 tensor ends in. */
export const scaleEnding = '.scale';

/** Number of bytes written or read at a time. */
const chunkBytes = 1 << 24;

const bytesOf = (data: Float32Array | Int8Array): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/**
 * Writes tensors in the safetensors format (8 bytes of header length, JSON header, data), atomically.
 * @param metadata strings to store in the header under `__metadata__`.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly WritableTensor[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  let offset = 0;
  const entries = tensors.map(({ name, shape, dtype = 'F32' }) => {
    const start = offset;
    offset += (elementBytes.get(dtype) ?? 0) * elementCount(shape);
    return [name, { dtype, shape, data_offsets: [start, offset] }] as const;
  });
  const header = Object.fromEntries([['__metadata__', metadata] as const, ...entries]);
  const text = Buffer.from(JSON.stringify(header));
  // The format requires the data to begin at a multiple of 8; the padding is spaces.
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
      for (let start = 0; start < bytes.length; start += chunkBytes) {
        await file.write(bytes.subarray(start, start + chunkBytes));
      }
    }
  } catch (error) {
    await file.abort();
    throw error;
  }
  await file.commit();
}

/** An open safetensors file with a checked header; tensors are read straight into the caller's arrays. */
export class SafetensorsFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    readonly metadata: Readonly<Record<string, string>>,
    private readonly entries: ReadonlyMap<string, TensorEntry>,
  ) {}

  /** @throws TitlesmithError when the file is missing or truncated, or its header does not match its content. */
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
    const chunks = [Buffer.alloc(Math.min(chunkBytes, length)), Buffer.alloc(Math.min(chunkBytes, length))];
    for (let done = 0; done < length; done += chunkBytes) {
      const [a, b] = chunks.map((chunk) => chunk.subarray(0, length - done)) as [Buffer, Buffer];
      await this.readBytes(name, own.start + done, a);
      await otherFile.readBytes(otherName, other.start + done, b);
      if (!a.equals(b)) return false;
    }
    return true;
  }

  private async readBytes(name: string, start: number, into: Uint8Array): Promise<void> {
    for (let done = 0; done < into.length; ) {
      const length = Math.min(chunkBytes, into.length - done);
      const { bytesRead } = await this.handle.read(into, done, length, start + done);
      if (bytesRead === 0) throw damagedCheckpoint(this.path, `tensor ${name} ends early`);
      done += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/** The position of a tensor in a file. */
interface TensorEntry {
  readonly dtype: string;
  readonly shape: Shape;
  /** Offsets of the first byte and of the byte after the last, from the beginning of the file. */
  readonly start: number;
  readonly end: number;
}

interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

/** Real headers take less than 1 MB; the format's limit is 100 MB. */
const headerLimitBytes = 100_000_000;

/** Size of an element in bytes, for the format's types of whole bytes. */
const elementBytes: ReadonlyMap<string, number> = new Map([
  ...['F64', 'I64', 'U64'].map((name) => [name, 8] as const),
  ...['F32', 'I32', 'U32'].map((name) => [name, 4] as const),
  ...['F16', 'BF16', 'I16', 'U16'].map((name) => [name, 2] as const),
  ...['F8_E4M3', 'F8_E5M2', 'I8', 'U8', 'BOOL'].map((name) => [name, 1] as const),
]);

/** Fills `into` from the file. @returns false if the file ends too early. */
async function readFully(handle: FileHandle, into: Uint8Array, position: number): Promise<boolean> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

/**
 * Reads and checks the header of a safetensors file: every tensor has as many bytes as its type and shape need, and the
 * tensors cover the data without gaps or overlaps.
 * @param path names the file in messages.
 * @throws TitlesmithError naming the tensor that does not fit.
 */
async function readSafetensorsHeader(path: string, handle: FileHandle): Promise<SafetensorsHeader> {
  const { size: fileSize } = await handle.stat();
  const prefix = Buffer.alloc(8);
  const complete = await readFully(handle, prefix, 0);
  const length = Number(prefix.readBigUInt64LE());
  if (!complete || length > headerLimitBytes || 8 + length > fileSize) {
    throw damagedCheckpoint(path, 'not a safetensors file, or cut short: its header does not fit the file');
  }
  const text = Buffer.alloc(length);
  if (!(await readFully(handle, text, 8))) throw damagedCheckpoint(path, 'its header ends early');
  const { __metadata__: metadata, ...tensors } = parseObject(path, text.toString('utf8'));
  const entries = Object.entries(tensors).map(
    ([name, value]) => [name, checkEntry(path, name, value, 8 + length)] as const,
  );
  checkLayout(path, entries, 8 + length, fileSize);
  return { metadata: checkMetadata(path, metadata), entries: new Map(entries) };
}

function parseObject(path: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damagedCheckpoint(path, 'its header is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw damagedCheckpoint(path, 'its header is not a JSON object');
  }
  return value as Record<string, unknown>;
}

function checkMetadata(path: string, value: unknown): Record<string, string> {
  if (value === undefined) return {};
  const isStrings =
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((entry) => typeof entry === 'string');
  if (!isStrings) throw damagedCheckpoint(path, 'the metadata in its header are not strings by name');
  return value as Record<string, string>;
}

function isSizes(list: unknown): list is number[] {
  return Array.isArray(list) && list.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function checkEntry(path: string, name: string, value: unknown, dataStart: number): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw damagedCheckpoint(path, `the header's entry of tensor ${name} is malformed`);
  }
  const bytes = elementBytes.get(dtype);
  if (bytes === undefined) throw damagedCheckpoint(path, `tensor ${name} has the unknown type ${dtype}`);
  const [start, end] = offsets as [number, number];
  if (end - start !== bytes * elementCount(shape)) {
    const kind = `${dtype}${formatShape(shape)}`;
    throw damagedCheckpoint(path, `tensor ${name}, ${kind}, does not fit its ${end - start} bytes`);
  }
  return { dtype, shape, start: dataStart + start, end: dataStart + end };
}

function checkLayout(
  path: string,
  entries: readonly (readonly [string, TensorEntry])[],
  dataStart: number,
  fileSize: number,
): void {
  let position = dataStart;
  for (const [name, { start, end }] of entries.toSorted(
    ([, a], [, b]) => a.start - b.start || a.end - b.end,
  )) {
    if (end > fileSize) {
      throw damagedCheckpoint(path, `tensor ${name} ends ${end - fileSize} bytes behind the end of the file`);
    }
    if (start < position) throw damagedCheckpoint(path, `tensor ${name} overlaps the tensor before it`);
    if (start > position)
      throw damagedCheckpoint(path, `${start - position} unused bytes before tensor ${name}`);
    position = end;
  }
  if (position < fileSize) {
    throw damagedCheckpoint(path, `${fileSize - position} bytes behind the last tensor belong to none`);
  }
}

import { type FileHandle, open } from 'node:fs/promises';
import { fileError, TitlesmithError } from '../../common/errors.js';
import { AtomicFile } from '../../common/files.js';
import { elementCount, formatShape, type Shape } from '../graph/shape.js';

/** A tensor to be written: float32, row-major; `values` is called once, when its turn comes. */
export interface WritableTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly values: () => Float32Array;
}

/** Where a tensor lies in a file. */
interface TensorEntry {
  readonly dtype: string;
  readonly shape: Shape;
  /** First byte and the byte after the last, from the beginning of the file. */
  readonly start: number;
  readonly end: number;
}

/** The header of real files is below 1 MB; the format's own limit is 100 MB. */
const headerLimitBytes = 100_000_000;
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
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, shape } of tensors) {
    const end = offset + 4 * elementCount(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    offset = end;
  }
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
      const { size } = await handle.stat();
      const { metadata, entries } = await readHeader(path, handle, size);
      return new SafetensorsFile(path, handle, metadata, entries);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  names(): string[] {
    return [...this.entries.keys()];
  }

  /** Reads one tensor. @throws TitlesmithError naming it when it is missing or of another shape or type. */
  async read(name: string, shape: Shape, into: Float32Array): Promise<void> {
    const entry = this.entries.get(name);
    if (!entry) throw damaged(this.path, `tensor ${name} is missing`);
    if (formatShape(entry.shape) !== formatShape(shape)) {
      throw damaged(
        this.path,
        `tensor ${name} has shape ${formatShape(entry.shape)}, needed is ${formatShape(shape)}`,
      );
    }
    if (entry.dtype !== 'F32')
      throw damaged(this.path, `tensor ${name} has type ${entry.dtype}, needed is F32`);
    const bytes = bytesOf(into);
    for (let done = 0; done < bytes.length; ) {
      const length = Math.min(pieceBytes, bytes.length - done);
      const { bytesRead } = await this.handle.read(bytes, done, length, entry.start + done);
      if (bytesRead === 0) throw damaged(this.path, `tensor ${name} ends early`);
      done += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

function damaged(path: string, what: string): TitlesmithError {
  return new TitlesmithError(`${path}: ${what}.`, {
    code: 'checkpoint-damaged',
    hint: 'The file is damaged or belongs to another model; take another checkpoint or train again.',
  });
}

async function readHeader(
  path: string,
  handle: FileHandle,
  fileSize: number,
): Promise<{ metadata: Record<string, string>; entries: Map<string, TensorEntry> }> {
  const prefix = Buffer.alloc(8);
  const { bytesRead } = await handle.read(prefix, 0, 8, 0);
  const length = Number(prefix.readBigUInt64LE());
  if (bytesRead < 8 || length > headerLimitBytes || 8 + length > fileSize) {
    throw damaged(path, 'not a safetensors file (its header does not fit the file)');
  }
  const text = Buffer.alloc(length);
  await handle.read(text, 0, length, 8);
  let header: unknown;
  try {
    header = JSON.parse(text.toString('utf8'));
  } catch {
    throw damaged(path, 'its header is not JSON');
  }
  if (typeof header !== 'object' || header === null) throw damaged(path, 'its header is not a JSON object');
  const { __metadata__: metadata, ...tensors } = header as Record<string, unknown>;
  const entries = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(tensors)) {
    entries.set(name, checkEntry(path, name, value, 8 + length, fileSize));
  }
  return { metadata: (metadata ?? {}) as Record<string, string>, entries };
}

/** Bytes of an element of the types that occur in published GPT-2 checkpoints. */
const elementBytes: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2, U8: 1, BOOL: 1, I64: 8 };

function checkEntry(
  path: string,
  name: string,
  value: unknown,
  dataStart: number,
  fileSize: number,
): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const isSizes = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (typeof dtype !== 'string' || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw damaged(path, `the header's entry of tensor ${name} is malformed`);
  }
  const [start, end] = offsets as [number, number];
  const expected = elementCount(shape) * (elementBytes[dtype] ?? Number.NaN);
  if (end - start !== expected || dataStart + end > fileSize) {
    throw damaged(
      path,
      `tensor ${name} (${dtype}${formatShape(shape)}) does not fit its ${end - start} bytes`,
    );
  }
  return { dtype, shape, start: dataStart + start, end: dataStart + end };
}

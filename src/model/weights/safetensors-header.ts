import type { ByteSource } from '../../io/byte-source.js';
import { elementCount, formatShape, type Shape } from '../graph/shape.js';
import { damagedCheckpoint } from './open-model.js';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** The position of a tensor in a file. */
export interface TensorEntry {
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
export const elementBytes: ReadonlyMap<string, number> = new Map([
  ...['F64', 'I64', 'U64'].map((name) => [name, 8] as const),
  ...['F32', 'I32', 'U32'].map((name) => [name, 4] as const),
  ...['F16', 'BF16', 'I16', 'U16'].map((name) => [name, 2] as const),
  ...['F8_E4M3', 'F8_E5M2', 'I8', 'U8', 'BOOL'].map((name) => [name, 1] as const),
]);

/**
 * Reads and checks the header of a safetensors file: every tensor has as many bytes as its type and shape need, and the
 * tensors cover the data without gaps or overlaps.
 * @throws TitlesmithError naming the source, and the tensor that does not fit.
 */
export async function readSafetensorsHeader(source: ByteSource): Promise<SafetensorsHeader> {
  const { name: path, size: fileSize } = source;
  const prefix = new Uint8Array(8);
  const isComplete = (await source.read(prefix, 0)) === prefix.length;
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (!isComplete || length > headerLimitBytes || 8 + length > fileSize) {
    throw damagedCheckpoint(path, 'not a safetensors file, or cut short: its header does not fit the file');
  }
  const text = new Uint8Array(length);
  if ((await source.read(text, 8)) < length) throw damagedCheckpoint(path, 'its header ends early');
  const { __metadata__: metadata, ...tensors } = parseObject(path, utf8.decode(text));
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

import { formatShape } from '../../graph/shape.js';
import { damagedCheckpoint } from '../open-model.js';
import type { Cursor, MetadataValue } from './cursor.js';
import { otherTypes, type StoredType, storedTypes } from './types.js';

export type Metadata = ReadonlyMap<string, MetadataValue>;

/** A tensor of the file; sizes are ggml's, those of a row first. */
export interface TensorPlace {
  readonly sizes: readonly number[];
  readonly type: StoredType;
  /** Of the first byte, from the beginning of the file. */
  readonly start: number;
  readonly bytes: number;
}

export interface GgufHeader {
  readonly metadata: Metadata;
  readonly tensors: ReadonlyMap<string, TensorPlace>;
}

const [mostSizes, defaultAlignment] = [4, 32];
/** `GGUF`, little-endian. */
const magic = 0x46554747;

/** What is said of a tensor before it is known where the tensors begin. */
interface TensorEntry {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly type: StoredType;
  readonly bytes: number;
  readonly offset: number;
}

function readVersion(cursor: Cursor): void {
  if (cursor.fileSize < 24 || cursor.uint32('magic') !== magic)
    throw damagedCheckpoint(cursor.path, 'not a GGUF file');
  const version = cursor.uint32('version');
  if (version === 2 || version === 3) return;
  const isReversed = version > 0xffff;
  const what = isReversed
    ? 'a big-endian GGUF, which is not read'
    : `GGUF version ${version} is not read, only 2 and 3`;
  throw damagedCheckpoint(cursor.path, what);
}

function readMetadata(cursor: Cursor, count: number): Metadata {
  const metadata = new Map<string, MetadataValue>();
  for (let index = 0; index < count; index++) {
    const key = cursor.text(`the name of metadata ${index + 1}`);
    if (metadata.has(key))
      throw damagedCheckpoint(cursor.path, `metadata ${JSON.stringify(key)} is there twice`);
    metadata.set(key, cursor.value(key));
  }
  return metadata;
}

function readType(cursor: Cursor, name: string): StoredType {
  const number = cursor.uint32(`tensor ${name}`);
  const type = storedTypes.get(number);
  if (type) return type;
  const called = otherTypes.get(number) ?? `the unknown type ${number}`;
  const known = [...storedTypes.values()].map((each) => each.name).join(', ');
  throw damagedCheckpoint(cursor.path, `tensor ${name} has type ${called}, read are ${known}`);
}

function readTensor(cursor: Cursor, index: number): TensorEntry {
  const name = cursor.text(`the name of tensor ${index + 1}`);
  const refuse = (what: string): never => {
    throw damagedCheckpoint(cursor.path, `tensor ${name} ${what}`);
  };
  const count = cursor.uint32(`tensor ${name}`);
  if (count === 0 || count > mostSizes) refuse(`has ${count} dimensions, not 1 to ${mostSizes}`);
  const sizes = Array.from({ length: count }, () => cursor.uint64(`tensor ${name}`));
  const type = readType(cursor, name);
  const offset = cursor.uint64(`tensor ${name}`);
  const elements = sizes.reduce((product, size) => product * size, 1);
  if (elements === 0 || elements > cursor.fileSize * 8)
    refuse(`has shape ${formatShape(sizes.toReversed())}, which does not fit the file`);
  if (sizes[0]! % type.values !== 0)
    refuse(`has rows of ${sizes[0]}, ${type.name} needs a multiple of ${type.values}`);
  return { name, sizes, type, offset, bytes: (elements / type.values) * type.bytes };
}

function alignmentOf(cursor: Cursor, metadata: Metadata): number {
  const alignment = metadata.get('general.alignment') ?? defaultAlignment;
  const isValid =
    typeof alignment === 'number' && alignment > 0 && alignment % 8 === 0 && alignment <= 1 << 20;
  if (!isValid) throw damagedCheckpoint(cursor.path, 'general.alignment is no multiple of 8');
  return alignment;
}

/**
 * Reads the header of a GGUF file of version 2 or 3 and checks it: every length lies in the file, no name is there twice, and
 * the tensors lie in the file and do not overlap.
 * @throws TitlesmithError naming what does not fit; `Shortage` when the cursor holds too little of the file.
 */
export function readHeader(cursor: Cursor): GgufHeader {
  const { path, fileSize } = cursor;
  readVersion(cursor);
  const tensorCount = cursor.count('the number of tensors', 24);
  const metadata = readMetadata(cursor, cursor.count('the number of metadata', 13));
  const entries = Array.from({ length: tensorCount }, (_, index) => readTensor(cursor, index));
  const alignment = alignmentOf(cursor, metadata);
  const dataStart = Math.ceil(cursor.position / alignment) * alignment;
  const tensors = new Map<string, TensorPlace>();
  for (const { name, offset, ...entry } of entries) {
    if (tensors.has(name)) throw damagedCheckpoint(path, `tensor ${name} is there twice`);
    if (offset % alignment !== 0)
      throw damagedCheckpoint(path, `tensor ${name} begins at ${offset}, no multiple of ${alignment}`);
    const start = dataStart + offset;
    if (start + entry.bytes > fileSize)
      throw damagedCheckpoint(
        path,
        `tensor ${name} ends ${start + entry.bytes - fileSize} bytes behind the file`,
      );
    tensors.set(name, { ...entry, start });
  }
  let end = dataStart;
  for (const [name, { start, bytes }] of [...tensors].sort(([, a], [, b]) => a.start - b.start)) {
    if (start < end) throw damagedCheckpoint(path, `tensor ${name} overlaps the tensor before it`);
    end = start + bytes;
  }
  return { metadata, tensors };
}

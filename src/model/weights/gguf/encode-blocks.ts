import { TitlesmithError } from '../../../common/errors.js';
import { narrow } from '../../engine/float-formats.js';
import { placeOfRow, type TensorForm } from './tensor-names.js';

/** A type of tensors that are written: in blocks of a row, each of so many values and bytes. */
export interface WrittenType {
  readonly name: string;
  /** ggml's number of it. */
  readonly number: number;
  readonly values: number;
  readonly bytes: number;
  /** The bytes of whole blocks. A value that float16 cannot hold becomes infinite, or stays no number. */
  readonly encode: (values: Float32Array) => Uint8Array;
}

const blockValues = 32;
const blockBytes = 2 + blockValues;

/**
 * ggml's Q8_0 (`quantize_row_q8_0_ref`): the scale of a block is its largest magnitude over 127, kept in float16; a value is
 * divided by the scale before that was rounded, and rounded to the nearest whole number, halves away from zero. All in float32.
 */
function encodeBytes(values: Float32Array): Uint8Array {
  const blocks = values.length / blockValues;
  const scales = new Float32Array(blocks);
  const bytes = new Uint8Array(blocks * blockBytes);
  for (let block = 0; block < blocks; block++) {
    const start = block * blockValues;
    let most = 0;
    for (let index = start; index < start + blockValues; index++)
      most = Math.max(most, Math.abs(values[index]!));
    const scale = Math.fround(most / 127);
    scales[block] = scale;
    const inverse = Math.fround(1 / scale);
    // A scale so small that its inverse is infinite is 0 in float16, and so is every value.
    if (!Number.isFinite(inverse)) continue;
    const into = block * blockBytes + 2;
    for (let index = 0; index < blockValues; index++) {
      const scaled = Math.fround(values[start + index]! * inverse);
      bytes[into + index] = Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5);
    }
  }
  for (const [block, half] of narrow(scales).entries()) {
    bytes[block * blockBytes] = half & 0xff;
    bytes[block * blockBytes + 1] = half >> 8;
  }
  return bytes;
}

const asBytes = ({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const [f32, f16, q8_0]: readonly [WrittenType, WrittenType, WrittenType] = [
  { name: 'F32', number: 0, values: 1, bytes: 4, encode: asBytes },
  { name: 'F16', number: 1, values: 1, bytes: 2, encode: (values) => asBytes(narrow(values)) },
  { name: 'Q8_0', number: 8, values: blockValues, bytes: blockBytes, encode: encodeBytes },
];

/** The types by the names of `--gguf-type`. */
export const writtenTypes = { f32, f16, q8_0 } as const;

/** Whether encoded blocks hold a float16 that is infinite or no number. */
function overflows({ name, bytes }: WrittenType, encoded: Uint8Array): boolean {
  if (name === 'F32') return false;
  for (let at = 1; at < encoded.length; at += bytes) if ((encoded[at]! & 0x7c) === 0x7c) return true;
  return false;
}

/** Values that are converted at a time, at least a row. */
const chunkValues = 1 << 20;

/** A tensor of the file that is to be written; sizes are ggml's, those of a row first. */
export interface PlannedTensor {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly type: WrittenType;
  readonly form: TensorForm;
}

/**
 * A tensor's bytes from its values in Hugging Face's order, some rows at a time.
 * @throws TitlesmithError when a value, or the scale of a block, is beyond float16.
 */
export function* encodeRows(
  { name, sizes, type, form }: PlannedTensor,
  values: Float32Array,
): Generator<Uint8Array> {
  const width = sizes[0]!;
  const rows = values.length / width;
  const rowsAtOnce = Math.max(1, Math.floor(chunkValues / width));
  for (let top = 0; top < rows; top += rowsAtOnce) {
    const chunk = new Float32Array(Math.min(rowsAtOnce, rows - top) * width);
    for (let index = 0; index * width < chunk.length; index++) {
      const { first, step } = placeOfRow(form, top + index, width, rows);
      const into = index * width;
      if (step === 1) chunk.set(values.subarray(first, first + width), into);
      else
        for (let column = 0; column < width; column++) chunk[into + column] = values[first + column * step]!;
    }
    const encoded = type.encode(chunk);
    if (overflows(type, encoded))
      throw new TitlesmithError(`Tensor ${name} holds a value that float16 does not reach.`, {
        code: 'gguf-range',
        hint: 'Export it with --gguf-type f32.',
      });
    yield encoded;
  }
}

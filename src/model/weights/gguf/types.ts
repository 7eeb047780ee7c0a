import { halfTable, widen } from '../../engine/float-formats.js';

/** How the numbers of a tensor are stored: in blocks of a row, each of so many values and bytes. */
export interface StoredType {
  readonly name: string;
  readonly values: number;
  readonly bytes: number;
  /** Widens whole blocks to float32. Both arrays hold the same blocks. */
  readonly widen: (blocks: Uint8Array, into: Float32Array) => void;
}

const half = (blocks: Uint8Array, at: number): number => halfTable()[blocks[at]! | (blocks[at + 1]! << 8)]!;

function widenFloats(blocks: Uint8Array, into: Float32Array): void {
  new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(blocks);
}

const widenHalves =
  (format: 'F16' | 'BF16') =>
  (blocks: Uint8Array, into: Float32Array): void => {
    widen(format, new Uint16Array(Uint8Array.from(blocks).buffer), into);
  };

/** ggml's blocks of 32: a scale in float16, then a byte for each value. */
function widenBytes(blocks: Uint8Array, into: Float32Array): void {
  const signed = new Int8Array(blocks.buffer, blocks.byteOffset, blocks.length);
  for (let block = 0, value = 0; block < blocks.length; block += 34) {
    const scale = half(blocks, block);
    for (let at = block + 2; at < block + 34; at++) into[value++] = signed[at]! * scale;
  }
}

/**
 * ggml's blocks of 32: a scale in float16, a minimum where they have one, then 16 bytes, whose lower halves are the first
 * 16 values and whose upper halves the others.
 */
const widenHalfBytes =
  (head: 2 | 4) =>
  (blocks: Uint8Array, into: Float32Array): void => {
    const middle = head === 4 ? 0 : 8;
    for (let block = 0, value = 0; block < blocks.length; block += head + 16, value += 32) {
      const scale = half(blocks, block);
      // Adding −0 changes nothing, not even the sign of a zero.
      const least = head === 4 ? half(blocks, block + 2) : -0;
      for (let index = 0; index < 16; index++) {
        const pair = blocks[block + head + index]!;
        into[value + index] = ((pair & 15) - middle) * scale + least;
        into[value + 16 + index] = ((pair >> 4) - middle) * scale + least;
      }
    }
  };

const type = (name: string, values: number, bytes: number, widens: StoredType['widen']): StoredType => {
  return { name, values, bytes, widen: widens };
};

/** The types that are read, by ggml's number. */
export const storedTypes: ReadonlyMap<number, StoredType> = new Map([
  [0, type('F32', 1, 4, widenFloats)],
  [1, type('F16', 1, 2, widenHalves('F16'))],
  [2, type('Q4_0', 32, 18, widenHalfBytes(2))],
  [3, type('Q4_1', 32, 20, widenHalfBytes(4))],
  [8, type('Q8_0', 32, 34, widenBytes)],
  [30, type('BF16', 1, 2, widenHalves('BF16'))],
]);

/** Names of ggml's other types, for messages. */
export const otherTypes: ReadonlyMap<number, string> = new Map(
  Object.entries({
    Q5_0: 6,
    Q5_1: 7,
    Q8_1: 9,
    Q2_K: 10,
    Q3_K: 11,
    Q4_K: 12,
    Q5_K: 13,
    Q6_K: 14,
    Q8_K: 15,
    IQ2_XXS: 16,
    IQ2_XS: 17,
    IQ3_XXS: 18,
    IQ1_S: 19,
    IQ4_NL: 20,
    IQ3_S: 21,
    IQ2_S: 22,
    IQ4_XS: 23,
    I8: 24,
    I16: 25,
    I32: 26,
    I64: 27,
    F64: 28,
    IQ1_M: 29,
    TQ1_0: 34,
    TQ2_0: 35,
    MXFP4: 39,
  }).map(([name, number]) => [number, name]),
);

/** The 16-bit floats that published checkpoints come in. */
type HalfFormat = 'F16' | 'BF16';

let halves: Float32Array | undefined;

/** The value of every IEEE 754 binary16, indexed by its 16 bits: 256 KiB, computed once. */
export function halfTable(): Float32Array {
  if (halves) return halves;
  const table = new Float32Array(1 << 16);
  for (let bits = 0; bits < 1 << 15; bits++) {
    const exponent = bits >> 10;
    const fraction = bits & 0x3ff;
    let value: number;
    if (exponent === 0) value = fraction * 2 ** -24;
    else if (exponent < 31) value = (1024 + fraction) * 2 ** (exponent - 25);
    else value = fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
    table[bits] = value;
    table[bits | 0x8000] = -value;
  }
  halves = table;
  return table;
}

/**
 * Widens 16-bit floats to float32; every value is exact.
 * @param bits the numbers as stored in the file, little-endian.
 * @param into float32, at least as long.
 */
export function widen(format: HalfFormat, bits: Uint16Array, into: Float32Array): void {
  if (format === 'F16') {
    const table = halfTable();
    for (let index = 0; index < bits.length; index++) into[index] = table[bits[index]!]!;
    return;
  }
  // bfloat16 is the upper half of a float32
  const words = new Uint32Array(into.buffer, into.byteOffset, bits.length);
  for (let index = 0; index < bits.length; index++) words[index] = bits[index]! << 16;
}

/**
 * Rounds float32 to IEEE 754 binary16, to nearest, ties to even; infinite from 65,520 on.
 * @returns the 16 bits of each number.
 */
export function narrow(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    const magnitude = word & 0x7fffffff;
    let half: number;
    if (magnitude > 0x7f800000) half = 0x7e00;
    else if (magnitude >= 0x477ff000) half = 0x7c00;
    else if (magnitude >= 0x38800000)
      half = ((magnitude + 0xfff + ((magnitude >>> 13) & 1)) >>> 13) - (112 << 10);
    // Subnormal halves are multiples of 2⁻²⁴; adding and subtracting 2⁵² rounds to a whole number of them.
    else half = Math.abs(values[index]!) * 2 ** 24 + 2 ** 52 - 2 ** 52;
    bits[index] = ((word >>> 16) & 0x8000) | half;
  }
  return bits;
}

/** The CRC-32C of Castagnoli's polynomial (RFC 3720, appendix B.4), bits reversed. */
const polynomial = 0x82f63b78;

/**
 * Tables for eight bytes at a time (Kounavis and Berry, "A Systematic Approach to Building High Performance
 * CRC Generators", 2005).
 */
const tables: readonly Uint32Array[] = (() => {
  const first = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    first[byte] = value;
  }
  const all = [first];
  for (let table = 1; table < 8; table++) {
    const before = all[table - 1]!;
    all.push(before.map((value) => (value >>> 8) ^ first[value & 0xff]!));
  }
  return all;
})();

/** The CRC of bytes that follow those whose CRC is `before`, unsigned 32 bits. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let crc = ~before;
  let index = 0;
  for (const last = bytes.length - 8; index <= last; index += 8) {
    const low =
      crc ^
      (bytes[index]! | (bytes[index + 1]! << 8) | (bytes[index + 2]! << 16) | (bytes[index + 3]! << 24));
    crc =
      t7[low & 0xff]! ^
      t6[(low >>> 8) & 0xff]! ^
      t5[(low >>> 16) & 0xff]! ^
      t4[low >>> 24]! ^
      t3[bytes[index + 4]!]! ^
      t2[bytes[index + 5]!]! ^
      t1[bytes[index + 6]!]! ^
      t0[bytes[index + 7]!]!;
  }
  for (; index < bytes.length; index++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[index]!) & 0xff]!;
  return ~crc >>> 0;
}

/**
 * A CRC as LevelDB and TensorFlow store it: rotated and shifted, so that a CRC of data with CRCs stays
 * useful.
 */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Bytes of a file, or of memory, from a place on; fewer than asked for at the end. */
type ReadAt = (position: number, length: number) => Promise<Uint8Array> | Uint8Array;

/** The longest header of a frame, its magic number included (RFC 8878, 3.1.1.1). */
const longestHeader = 18;
const [blockHeaderBytes, checksumBytes] = [3, 4];
/** In a block of one byte that is repeated, the size says how often (RFC 8878, 3.1.1.2.2). */
const repeatedByte = 1;

/** Bytes of the header of a frame, and whether a checksum ends it; undefined where the header is cut short. */
function headerOf(bytes: Uint8Array): { readonly length: number; readonly isChecked: boolean } | undefined {
  const descriptor = bytes[4];
  if (descriptor === undefined) return undefined;
  const isSingle = (descriptor & 0x20) !== 0;
  const [sizeFlag, dictionaryFlag] = [descriptor >> 6, descriptor & 3];
  const sizeBytes = sizeFlag === 0 ? Number(isSingle) : 2 ** sizeFlag;
  const length = 5 + Number(!isSingle) + [0, 1, 2, 4][dictionaryFlag]! + sizeBytes;
  return bytes.length < length ? undefined : { length, isChecked: (descriptor & 4) !== 0 };
}

const uint32 = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);

/**
 * Where a frame of zstd ends by the lengths of its blocks, which are not decompressed (RFC 8878, 3.1). Node 22 takes a frame that is
 * cut short for a whole one.
 * @param start where it begins.
 * @returns the position behind it, which lies beyond the data where the frame is cut; undefined where even its lengths are cut.
 */
export async function frameEnd(read: ReadAt, start: number): Promise<number | undefined> {
  const beginning = await read(start, longestHeader);
  if (beginning.length < 8) return undefined;
  // A frame that is skipped has a magic number of 0x184d2a50 to 0x184d2a5f, and says how long it is.
  if (uint32(beginning, 0) >>> 4 === 0x184d2a5) return start + 8 + uint32(beginning, 4);
  const header = headerOf(beginning);
  if (header === undefined) return undefined;
  let position = start + header.length;
  for (;;) {
    const [a, b, c] = await read(position, blockHeaderBytes);
    if (a === undefined || b === undefined || c === undefined) return undefined;
    const type = (a >> 1) & 3;
    position += blockHeaderBytes + (type === repeatedByte ? 1 : (a >> 3) | (b << 5) | (c << 13));
    if ((a & 1) !== 0) return position + (header.isChecked ? checksumBytes : 0);
  }
}

/** Numbers as 32 bits, unsigned, little-endian. */
function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

/** A frame of zstd whose content is not compressed (RFC 8878, 3.1.1): one segment, its length in four bytes, raw blocks. */
export function rawFrame(content: Uint8Array): Buffer {
  const longest = 2 ** 17;
  const blocks: Buffer[] = [];
  for (let start = 0; start === 0 || start < content.length; start += longest) {
    const part = content.subarray(start, start + longest);
    const isLast = start + longest >= content.length;
    blocks.push(numbers((part.length << 3) | Number(isLast)).subarray(0, 3), Buffer.from(part));
  }
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0]), numbers(content.length), ...blocks]);
}

/** The beginning of a block: how many rows it has, and where each lies behind this table. */
export function rowTable(rows: readonly (readonly [offset: number, length: number])[]): Buffer {
  return numbers(rows.length, ...rows.flat());
}

/**
 * A block of a `.zst_blocks` file (github.com/ArthurHeitmann/zst_blocks_format): of rows, or of what stands in its frame.
 * @param compress makes a frame of zstd.
 */
export function block(
  content: readonly string[] | Uint8Array,
  compress: (bytes: Uint8Array) => Buffer = rawFrame,
): Buffer {
  let frame: Buffer;
  if (content instanceof Uint8Array) frame = compress(content);
  else {
    const rows = content.map((row) => Buffer.from(row));
    let offset = 0;
    const table = rowTable(
      rows.map(({ length }) => {
        offset += length;
        return [offset - length, length];
      }),
    );
    frame = compress(Buffer.concat([table, ...rows]));
  }
  return Buffer.concat([numbers(frame.length), frame]);
}

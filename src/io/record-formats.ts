import { crc32c, maskCrc } from './crc32c.js';

/** The encoding of the records in a log. */
export interface RecordFormat<Item> {
  /** The bytes of a record. */
  encode(record: Item): Uint8Array;
  /**
   * Reads the record that begins at byte `start`.
   * @param number of the record, from 1, for messages.
   * @returns the record and the byte behind it; undefined where it is cut short or damaged as by a crash: the log ends before it.
   * @throws TitlesmithError for a whole record that cannot have been written by `encode`.
   */
  decode(content: Buffer, start: number, number: number): DecodedRecord<Item> | undefined;
}

interface DecodedRecord<Item> {
  readonly record: Item;
  readonly end: number;
}

/**
 * One JSON value a line. A line without its line feed was cut short.
 * @param parse makes a record of a line's value (undefined where the line is no JSON), or throws. `number` counts lines from 1.
 */
export function jsonLines<Item>(parse: (value: unknown, number: number) => Item): RecordFormat<Item> {
  return {
    encode: (record) => Buffer.from(`${JSON.stringify(record)}\n`),
    decode: (content, start, number) => {
      const end = content.indexOf('\n', start);
      if (end < 0) return undefined;
      return { record: parse(parseJson(content.toString('utf8', start, end)), number), end: end + 1 };
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Bytes of a TFRecord before its data (the length and its CRC) and behind it (the data's CRC). */
const [headBytes, tailBytes] = [12, 4];

/**
 * TensorFlow's framing of records (tensorflow/core/lib/io/record_writer.h): a length of 64 bits, its CRC, the data and its
 * CRC, little-endian. A record whose CRCs do not fit ends the log.
 * @param data the record's own bytes, and back.
 */
export function tfRecords<Item>(data: {
  encode(record: Item): Uint8Array;
  decode(bytes: Uint8Array): Item;
}): RecordFormat<Item> {
  return {
    encode: (record) => frame(data.encode(record)),
    decode: (content, start) => {
      const dataStart = start + headBytes;
      if (dataStart > content.length) return undefined;
      if (content.readUInt32LE(start + 8) !== checksum(content.subarray(start, start + 8))) return undefined;
      const dataEnd = dataStart + Number(content.readBigUInt64LE(start));
      const end = dataEnd + tailBytes;
      if (end > content.length) return undefined;
      const bytes = content.subarray(dataStart, dataEnd);
      if (content.readUInt32LE(dataEnd) !== checksum(bytes)) return undefined;
      return { record: data.decode(bytes), end };
    },
  };
}

function checksum(bytes: Uint8Array): number {
  return maskCrc(crc32c(bytes));
}

function frame(data: Uint8Array): Buffer {
  const record = Buffer.alloc(headBytes + data.length + tailBytes);
  record.writeBigUInt64LE(BigInt(data.length));
  record.writeUInt32LE(checksum(record.subarray(0, 8)), 8);
  record.set(data, headBytes);
  record.writeUInt32LE(checksum(data), headBytes + data.length);
  return record;
}

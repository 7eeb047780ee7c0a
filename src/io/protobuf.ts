import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

interface FieldDescription {
  readonly id: number;
  /** A scalar type of protobuf, or the name of another message. */
  readonly type: string;
  readonly rule?: 'repeated';
}

/** Messages by name, their fields by name. */
export type MessageDescriptions = Readonly<
  Record<string, { readonly fields: Readonly<Record<string, FieldDescription>> }>
>;

export const field = (id: number, type: string): FieldDescription => ({ id, type });
export const repeatedField = (id: number, type: string): FieldDescription => ({ id, type, rule: 'repeated' });

/** One message type of protocol buffers (proto3 encoding). */
interface MessageCodec {
  encode(message: object): Uint8Array;
  /**
   * Missing fields get their defaults; 64-bit integers become numbers, rounded beyond 2^53.
   * @throws Error when the bytes are not such a message.
   */
  decode(bytes: Uint8Array): unknown;
}

type Scalar = number | string | Uint8Array;
type Message = Readonly<Record<string, unknown>>;

/** A scalar type. */
interface ScalarType {
  readonly wireType: WireType;
  readonly missing: Scalar;
  write(writer: BinaryWriter, value: Scalar): void;
  read(reader: BinaryReader): Scalar;
}

const { Varint, Bit64, LengthDelimited, Bit32 } = WireType;

const scalars: Readonly<Record<string, ScalarType>> = {
  double: {
    wireType: Bit64,
    missing: 0,
    write: (writer, value) => writer.double(value as number),
    read: (reader) => reader.double(),
  },
  float: {
    wireType: Bit32,
    missing: 0,
    write: (writer, value) => writer.float(value as number),
    read: (reader) => reader.float(),
  },
  fixed32: {
    wireType: Bit32,
    missing: 0,
    write: (writer, value) => writer.fixed32(value as number),
    read: (reader) => reader.fixed32(),
  },
  int32: {
    wireType: Varint,
    missing: 0,
    write: (writer, value) => writer.int32(value as number),
    read: (reader) => reader.int32(),
  },
  int64: {
    wireType: Varint,
    missing: 0,
    write: (writer, value) => writer.int64(value as number),
    read: (reader) => Number(reader.int64()),
  },
  string: {
    wireType: LengthDelimited,
    missing: '',
    write: (writer, value) => writer.string(value as string),
    // Strictly: what is no UTF-8 is no string of proto3, as protobufjs has it too.
    read: (reader) => reader.string(true),
  },
  bytes: {
    wireType: LengthDelimited,
    missing: new Uint8Array(),
    write: (writer, value) => writer.bytes(value as Uint8Array),
    read: (reader) => reader.bytes(),
  },
};

/** Whether a field reads alike where it is left out. */
const isMissing = (value: Scalar): boolean =>
  typeof value === 'number' ? Object.is(value, 0) : value.length === 0;

/**
 * A codec by tables of fields: nothing is compiled when the program runs, which the policies of pages forbid.
 * @throws Error when the descriptions do not hold `name`.
 */
export function messageCodec(descriptions: MessageDescriptions, name: string): MessageCodec {
  const coder = new Coder(descriptions);
  coder.fieldsOf(name);
  return {
    encode: (message) => coder.encode(name, message as Message, new BinaryWriter()).finish(),
    decode: (bytes) => coder.decode(name, new BinaryReader(bytes)),
  };
}

type NamedField = readonly [name: string, description: FieldDescription];

class Coder {
  /** The fields of messages, in the order of their ids. */
  private readonly sorted = new Map<string, readonly NamedField[]>();

  constructor(private readonly descriptions: MessageDescriptions) {}

  fieldsOf(message: string): readonly NamedField[] {
    const known = this.sorted.get(message);
    if (known) return known;
    const description = this.descriptions[message];
    if (!description) throw new Error(`no message ${message} is described`);
    const fields = Object.entries(description.fields).sort(([, a], [, b]) => a.id - b.id);
    this.sorted.set(message, fields);
    return fields;
  }

  encode(name: string, message: Message, writer: BinaryWriter): BinaryWriter {
    for (const [key, { id, type, rule }] of this.fieldsOf(name)) {
      const value = message[key];
      if (value === undefined || value === null) continue;
      const values = rule ? (value as readonly unknown[]) : [value];
      const scalar = scalars[type];
      if (!scalar) {
        for (const one of values) {
          writer.tag(id, LengthDelimited).fork();
          this.encode(type, one as Message, writer).join();
        }
      } else if (rule && scalar.wireType !== LengthDelimited) {
        if (values.length === 0) continue;
        writer.tag(id, LengthDelimited).fork();
        for (const one of values) scalar.write(writer, one as Scalar);
        writer.join();
      } else if (rule || !isMissing(value as Scalar)) {
        for (const one of values) scalar.write(writer.tag(id, scalar.wireType), one as Scalar);
      }
    }
    return writer;
  }

  /** @param end where the message ends; default: where the reader's bytes do. */
  decode(name: string, reader: BinaryReader, end = reader.len): Record<string, unknown> {
    const message: Record<string, unknown> = {};
    const fields = new Map<number, NamedField>();
    for (const named of this.fieldsOf(name)) {
      const [key, { id, type, rule }] = named;
      fields.set(id, named);
      message[key] = rule ? [] : (scalars[type]?.missing ?? null);
    }
    while (reader.pos < end) {
      const [id, wireType] = reader.tag();
      const named = fields.get(id);
      const read = named && this.reading(named[1], wireType);
      if (!named || !read) reader.skip(wireType, id);
      else if (named[1].rule) for (const value of read(reader)) (message[named[0]] as unknown[]).push(value);
      else message[named[0]] = read(reader)[0];
    }
    if (reader.pos > end) throw new RangeError('a field of the message is longer than the message');
    return message;
  }

  /** Reads a field's values; undefined where they are of another type than described. */
  private reading(
    { type, rule }: FieldDescription,
    wireType: WireType,
  ): ((reader: BinaryReader) => unknown[]) | undefined {
    const scalar = scalars[type];
    if (!scalar) {
      if (wireType !== LengthDelimited) return undefined;
      return (reader) => [this.decode(type, reader, endOfPart(reader))];
    }
    if (wireType === scalar.wireType) return (reader) => [scalar.read(reader)];
    if (!rule || wireType !== LengthDelimited) return undefined;
    return (reader) => {
      const end = endOfPart(reader);
      const values: Scalar[] = [];
      while (reader.pos < end) values.push(scalar.read(reader));
      if (reader.pos > end) throw new RangeError('a number of the message is longer than its list');
      return values;
    };
  }
}

/** Where a part ends whose length comes next. @throws RangeError where the bytes end before. */
function endOfPart(reader: BinaryReader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError('the message ends before one of its fields does');
  return end;
}

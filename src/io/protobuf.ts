/**
 * Protocol buffers (proto3 encoding, https://protobuf.dev/programming-guides/encoding) by tables of fields: nothing is
 * compiled when the program runs, which the policies of pages forbid.
 */

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

/** One message type of protocol buffers. */
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

/** How a value follows its tag. */
const wire = { varint: 0, eightBytes: 1, length: 2, groupStart: 3, groupEnd: 4, fourBytes: 5 } as const;

/** A scalar type. */
interface ScalarType {
  readonly wire: number;
  readonly missing: Scalar;
  write(writer: Writer, value: Scalar): void;
  read(reader: Reader): Scalar;
}

const scalars: Readonly<Record<string, ScalarType>> = {
  double: {
    wire: wire.eightBytes,
    missing: 0,
    write: (writer, value) => writer.number(8, (view) => view.setFloat64(0, value as number, true)),
    read: (reader) => reader.view(8).getFloat64(0, true),
  },
  float: {
    wire: wire.fourBytes,
    missing: 0,
    write: (writer, value) => writer.number(4, (view) => view.setFloat32(0, value as number, true)),
    read: (reader) => reader.view(4).getFloat32(0, true),
  },
  fixed32: {
    wire: wire.fourBytes,
    missing: 0,
    write: (writer, value) => writer.number(4, (view) => view.setUint32(0, value as number, true)),
    read: (reader) => reader.view(4).getUint32(0, true),
  },
  int32: {
    wire: wire.varint,
    missing: 0,
    write: (writer, value) => writer.varint(value as number),
    read: (reader) => reader.varint() | 0,
  },
  int64: {
    wire: wire.varint,
    missing: 0,
    write: (writer, value) => writer.varint(value as number),
    read: (reader) => reader.varint(),
  },
  string: {
    wire: wire.length,
    missing: '',
    write: (writer, value) => writer.bytes(new TextEncoder().encode(value as string)),
    read: (reader) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(reader.bytes()),
  },
  bytes: {
    wire: wire.length,
    missing: new Uint8Array(),
    write: (writer, value) => writer.bytes(value as Uint8Array),
    read: (reader) => reader.bytes(),
  },
};

/** The largest number that a field may have. */
const largestId = 2 ** 29 - 1;

/** Whether a field reads alike where it is left out. */
const isMissing = (value: Scalar): boolean =>
  typeof value === 'number' ? Object.is(value, 0) : value.length === 0;

/** Pieces of a message, joined at the end: weights are copied once. */
class Writer {
  private readonly pieces: Uint8Array[] = [];
  private length = 0;

  private append(piece: Uint8Array): void {
    this.pieces.push(piece);
    this.length += piece.length;
  }

  /** A whole number, as 64 bits with its sign. */
  varint(value: number): void {
    let high = Math.floor(value / 2 ** 32);
    let low = (value - high * 2 ** 32) >>> 0;
    high >>>= 0;
    const bytes: number[] = [];
    while (high > 0 || low > 0x7f) {
      bytes.push((low & 0x7f) | 0x80);
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    bytes.push(low);
    this.append(Uint8Array.from(bytes));
  }

  number(size: number, set: (view: DataView) => void): void {
    const piece = new Uint8Array(size);
    set(new DataView(piece.buffer));
    this.append(piece);
  }

  tag(id: number, wireType: number): void {
    this.varint(id * 8 + wireType);
  }

  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.append(bytes);
  }

  message(other: Writer): void {
    this.varint(other.length);
    for (const piece of other.pieces) this.append(piece);
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.length);
    let start = 0;
    for (const piece of this.pieces) {
      whole.set(piece, start);
      start += piece.length;
    }
    return whole;
  }
}

/** Reads a message's bytes in order. @throws RangeError where they end too early. */
class Reader {
  private position = 0;

  constructor(private readonly content: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.position >= this.content.length;
  }

  bytes(length = this.varint()): Uint8Array {
    const [start, end] = [this.position, this.position + length];
    if (length < 0 || end > this.content.length)
      throw new RangeError(`the message ends at byte ${this.content.length}, before one of its fields does`);
    this.position = end;
    return this.content.subarray(start, end);
  }

  view(length: number): DataView {
    const { buffer, byteOffset } = this.bytes(length);
    return new DataView(buffer, byteOffset, length);
  }

  varint(): number {
    const longest = 10;
    let [low, high] = [0, 0];
    for (let place = 0; place < longest; place++) {
      const byte = this.bytes(1)[0]!;
      const bits = byte & 0x7f;
      const shift = 7 * place;
      if (shift < 32) low |= bits << shift;
      if (shift > 32) high |= bits << (shift - 32);
      else if (shift > 24) high |= bits >>> (32 - shift);
      if (byte < 0x80) return high * 2 ** 32 + (low >>> 0);
    }
    throw new RangeError('a number has more than ten bytes');
  }

  skip(wireType: number): void {
    if (wireType === wire.varint) this.varint();
    else if (wireType === wire.eightBytes) this.bytes(8);
    else if (wireType === wire.length) this.bytes();
    else if (wireType === wire.fourBytes) this.bytes(4);
    // Groups are of before proto3, and of no message that is read here.
    else throw new RangeError(`a field is of type ${wireType}, which no message here has`);
  }
}

/** @throws Error when the descriptions do not hold `name`. */
export function messageCodec(descriptions: MessageDescriptions, name: string): MessageCodec {
  const coder = new Coder(descriptions);
  coder.fieldsOf(name);
  return {
    encode: (message) => coder.encode(name, message as Message).finish(),
    decode: (bytes) => coder.decode(name, new Reader(bytes)),
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

  encode(name: string, message: Message): Writer {
    const writer = new Writer();
    for (const [key, { id, type, rule }] of this.fieldsOf(name)) {
      const value = message[key];
      if (value === undefined || value === null) continue;
      const values = rule ? (value as readonly unknown[]) : [value];
      const scalar = scalars[type];
      if (!scalar) {
        for (const one of values) {
          writer.tag(id, wire.length);
          writer.message(this.encode(type, one as Message));
        }
      } else if (rule && scalar.wire !== wire.length) {
        if (values.length === 0) continue;
        const packed = new Writer();
        for (const one of values) scalar.write(packed, one as Scalar);
        writer.tag(id, wire.length);
        writer.message(packed);
      } else if (rule || !isMissing(value as Scalar)) {
        for (const one of values) {
          writer.tag(id, scalar.wire);
          scalar.write(writer, one as Scalar);
        }
      }
    }
    return writer;
  }

  decode(name: string, reader: Reader): Record<string, unknown> {
    const message: Record<string, unknown> = {};
    const fields = new Map<number, NamedField>();
    for (const named of this.fieldsOf(name)) {
      const [key, { id, type, rule }] = named;
      fields.set(id, named);
      message[key] = rule ? [] : (scalars[type]?.missing ?? null);
    }
    while (!reader.isAtEnd) {
      const tag = reader.varint();
      const [id, wireType] = [Math.floor(tag / 8), tag & 7];
      if (id < 1 || id > largestId) throw new RangeError(`a field has the number ${id}`);
      const named = fields.get(id);
      const read = named && this.reading(named[1].type, wireType, named[1].rule !== undefined);
      if (!named || !read) reader.skip(wireType);
      else if (named[1].rule) (message[named[0]] as unknown[]).push(...read(reader));
      else message[named[0]] = read(reader)[0];
    }
    return message;
  }

  /** Reads a field's values; undefined where they are of another type than described. */
  private reading(
    type: string,
    wireType: number,
    isRepeated: boolean,
  ): ((reader: Reader) => unknown[]) | undefined {
    const scalar = scalars[type];
    if (!scalar) {
      if (wireType !== wire.length) return undefined;
      return (reader) => [this.decode(type, new Reader(reader.bytes()))];
    }
    if (wireType === scalar.wire) return (reader) => [scalar.read(reader)];
    if (!isRepeated || wireType !== wire.length) return undefined;
    return (reader) => {
      const packed = new Reader(reader.bytes());
      const values: unknown[] = [];
      while (!packed.isAtEnd) values.push(scalar.read(packed));
      return values;
    };
  }
}

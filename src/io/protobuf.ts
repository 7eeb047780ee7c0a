import protobuf from 'protobufjs';

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

/** @throws Error when the descriptions do not hold `name`. */
export function messageCodec(descriptions: MessageDescriptions, name: string): MessageCodec {
  const type = protobuf.Root.fromJSON({ nested: descriptions }).lookupType(name);
  return {
    encode: (message) => type.encode(message).finish(),
    decode: (bytes) => type.toObject(type.decode(bytes), { longs: Number, defaults: true }),
  };
}

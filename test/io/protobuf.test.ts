import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { field, messageCodec, repeatedField } from '../../src/io/protobuf.js';

/** A message with every type that is used. */
const messages = {
  Whole: {
    fields: {
      numbers: repeatedField(1, 'int64'),
      small: field(2, 'int32'),
      float: field(3, 'float'),
      text: field(4, 'string'),
      raw: field(5, 'bytes'),
      part: field(6, 'Part'),
      double: field(7, 'double'),
      checksum: field(8, 'fixed32'),
      floats: repeatedField(10, 'float'),
      parts: repeatedField(16, 'Part'),
      texts: repeatedField(1000, 'string'),
    },
  },
  Part: { fields: { number: field(1, 'int64'), raws: repeatedField(2, 'bytes') } },
};

const codec = messageCodec(messages, 'Whole');
const oracle = protobuf.Root.fromJSON({ nested: messages }).lookupType('Whole');
const decodeByOracle = (bytes: Uint8Array): unknown =>
  oracle.toObject(oracle.decode(bytes), { longs: Number, defaults: true });

const integers = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
const bytes = fc.uint8Array({ maxLength: 300 });
const part = fc.record({ number: integers, raws: fc.array(bytes, { maxLength: 3 }) });
const whole = fc.record(
  {
    numbers: fc.array(integers, { maxLength: 40 }),
    small: fc.integer(),
    float: fc.float({ noNaN: true }),
    text: fc.string({ unit: 'grapheme', maxLength: 200 }),
    raw: bytes,
    part,
    double: fc.double({ noNaN: true }),
    checksum: fc.nat({ max: 2 ** 32 - 1 }),
    floats: fc.array(fc.float({ noNaN: true }), { maxLength: 40 }),
    parts: fc.array(part, { maxLength: 4 }),
    texts: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }),
  },
  { requiredKeys: [] },
);

/** Buffers are arrays of bytes of another class. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && 'type' in inner && inner.type === 'Buffer'
        ? (inner as unknown as { data: number[] }).data
        : inner instanceof Uint8Array
          ? [...inner]
          : inner,
    ),
  );

describe('protocol buffers', () => {
  it('are written as protobufjs writes them, and read as it reads them', () => {
    fc.assert(
      fc.property(whole, (message) => {
        const written = codec.encode(message);
        expect([...written]).toEqual([...oracle.encode(message).finish()]);
        expect(plain(codec.decode(written))).toEqual(plain(decodeByOracle(written)));
      }),
    );
  });

  it('are refused or read alike where their bytes are anything', () => {
    const isRefused = (read: () => unknown): boolean => {
      try {
        read();
        return false;
      } catch {
        return true;
      }
    };
    // Of groups, which it skips, protobufjs reads more.
    const hasGroup = (content: Uint8Array): boolean => content.some((byte) => [3, 4].includes(byte & 7));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (content) => {
        fc.pre(!hasGroup(content));
        const refused = isRefused(() => codec.decode(content));
        expect(refused).toBe(isRefused(() => decodeByOracle(content)));
        if (!refused) expect(plain(codec.decode(content))).toEqual(plain(decodeByOracle(content)));
      }),
      { numRuns: 2000 },
    );
  });

  it('end in an error where they end too early, or where a part is longer than its whole', () => {
    const written = codec.encode({ text: 'a title', numbers: [1, 2 ** 40] });
    for (let length = written.length - 1; length > 12; length--)
      expect(() => codec.decode(written.subarray(0, length))).toThrow(RangeError);
    // A part of two bytes, whose number takes three; then the same with a list.
    expect(() => codec.decode(Uint8Array.of(0x32, 2, 0x08, 0x80, 0x80, 1))).toThrow(
      'longer than the message',
    );
    expect(() => codec.decode(Uint8Array.of(0x0a, 1, 0x80, 1))).toThrow('longer than its list');
    expect(() => codec.decode(Uint8Array.of(0x0b, 0x14))).toThrow('end group');
    expect(() => codec.decode(new Uint8Array(12).fill(0xff))).toThrow();
  });

  it('are refused where a string is no UTF-8, as protobufjs refuses them', () => {
    for (const string of [[0x8d], [0xc3], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xff]]) {
      const content = Uint8Array.of(0x22, string.length, ...string);
      expect(() => decodeByOracle(content)).toThrow('not valid');
      expect(() => codec.decode(content)).toThrow('not valid');
    }
    expect(codec.decode(Uint8Array.of(0x22, 2, 0xc3, 0xa4))).toMatchObject({ text: 'ä' });
  });
});

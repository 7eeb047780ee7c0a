import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSafetensors, writeSafetensors } from '../../../src/model/weights/safetensors.js';
import { safetensorsBytes, temporaryFolder } from '../transformer/fixtures.js';

const folder = temporaryFolder();
const path = join(folder, 'file.safetensors');

type Entry = { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
const entry = (start: number, end: number, rest: Entry = {}): Entry => ({
  dtype: 'F32',
  shape: [(end - start) / 4],
  data_offsets: [start, end],
  ...rest,
});

async function openBytes(bytes: Uint8Array): Promise<void> {
  writeFileSync(path, bytes);
  const file = await openSafetensors(path);
  await file.close();
}

describe('a header that lies', () => {
  const data = new Uint8Array(16);
  const cases: [string, unknown, Uint8Array, RegExp][] = [
    ['an overlap', { a: entry(0, 12), b: entry(8, 16) }, data, /tensor b overlaps the tensor before it/],
    ['a hole', { a: entry(0, 4), b: entry(8, 16) }, data, /4 unused bytes before tensor b/],
    ['a hole at the start', { a: entry(4, 16) }, data, /4 unused bytes before tensor a/],
    ['bytes of nobody', { a: entry(0, 12) }, data, /4 bytes behind the last tensor belong to none/],
    ['a tensor behind the end', { a: entry(0, 16), b: entry(16, 24) }, data, /tensor b ends 8 bytes behind/],
    ['a negative offset', { a: entry(-4, 12) }, data, /entry of tensor a is malformed/],
    ['a negative size', { a: entry(0, 16, { shape: [-2, -2] }) }, data, /entry of tensor a is malformed/],
    [
      'a size that is no number',
      { a: entry(0, 16, { shape: ['4'] }) },
      data,
      /entry of tensor a is malformed/,
    ],
    [
      'offsets the wrong way round',
      { a: entry(16, 0, { shape: [4] }) },
      data,
      /tensor a, F32\[4\], does not fit its -16 bytes/,
    ],
    [
      'a shape of other bytes',
      { a: entry(0, 16, { shape: [5] }) },
      data,
      /tensor a, F32\[5\], does not fit its 16 bytes/,
    ],
    [
      'sizes beyond counting',
      { a: entry(0, 16, { shape: [2 ** 40, 2 ** 40] }) },
      data,
      /tensor a, .* does not fit/,
    ],
    ['an unknown type', { a: entry(0, 16, { dtype: 'F31' }) }, data, /tensor a has the unknown type F31/],
    ['a type of Object', { a: entry(0, 16, { dtype: 'constructor' }) }, data, /unknown type constructor/],
    ['no entry', { a: null }, data, /entry of tensor a is malformed/],
    ['a list for a header', [], data, /its header is not a JSON object/],
    ['text for a header', '{"a":', data, /its header is not JSON/],
    ['metadata that are numbers', { __metadata__: { a: 1 }, a: entry(0, 16) }, data, /metadata/],
  ];
  test.each(cases)('%s', async (_, header, bytes, pattern) => {
    await expect(openBytes(safetensorsBytes(header, bytes))).rejects.toThrow(pattern);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['half a length', Buffer.alloc(5)],
    ['a length of 2^63', Buffer.from('00000000000000800000', 'hex')],
    ['a header cut short', safetensorsBytes({ a: entry(0, 0) }, new Uint8Array(0)).subarray(0, 20)],
  ])('%s is not a safetensors file', async (_, bytes) => {
    await expect(openBytes(bytes)).rejects.toThrow(/not a safetensors file, or cut short/);
  });
});

test('a file cut anywhere, or with one byte of its header changed, is read or refused in one line', async () => {
  const whole = safetensorsBytes({ a: entry(0, 8), b: entry(8, 16) }, new Uint8Array(16));
  const headerEnd = whole.length - 16;
  await fc.assert(
    fc.asyncProperty(fc.nat(headerEnd - 1), fc.nat(255), fc.boolean(), async (position, byte, cut) => {
      const bytes = Buffer.from(cut ? whole.subarray(0, position) : whole);
      if (!cut) bytes[position] = byte;
      await openBytes(bytes).catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'TitlesmithError', code: 'checkpoint-damaged' });
      });
    }),
    { numRuns: 200 },
  );
});

test('values are read as their type says, and only into float32', async () => {
  const header = {
    single: entry(0, 8),
    half: { dtype: 'F16', shape: [4], data_offsets: [8, 16] },
    brain: { dtype: 'BF16', shape: [2], data_offsets: [16, 20] },
    whole: { dtype: 'I32', shape: [1], data_offsets: [20, 24] },
  };
  const data = Buffer.alloc(24);
  data.writeFloatLE(0.1, 0);
  data.writeFloatLE(-3e38, 4);
  // 1/3 rounded, the smallest subnormal, −∞, and not a number, as IEEE 754 binary16
  for (const [index, bits] of [0x3555, 0x0001, 0xfc00, 0x7e01].entries())
    data.writeUInt16LE(bits, 8 + 2 * index);
  for (const [index, bits] of [0x3eab, 0xc000].entries()) data.writeUInt16LE(bits, 16 + 2 * index);
  writeFileSync(path, safetensorsBytes(header, data));
  const file = await openSafetensors(path);
  const read = async (name: string, size: number): Promise<number[]> => {
    const into = new Float32Array(size);
    await file.read(name, [size], into);
    return [...into];
  };
  expect(await read('single', 2)).toEqual([Math.fround(0.1), Math.fround(-3e38)]);
  expect(await read('half', 4)).toEqual([0.333251953125, 2 ** -24, Number.NEGATIVE_INFINITY, Number.NaN]);
  expect(await read('brain', 2)).toEqual([0.333984375, -2]);
  await expect(read('whole', 1)).rejects.toThrow('tensor whole has type I32, needed is F32, F16, BF16 or I8');
  await expect(read('single', 3)).rejects.toThrow('tensor single has shape [2], needed is [3]');
  await expect(read('other', 1)).rejects.toThrow('tensor other is missing');
  const first = new Float32Array(1);
  await file.read('half', [4], first);
  expect([...first]).toEqual([0.333251953125]);
  await file.close();
});

test('int8 is read times the scale of its row; a missing or other scale is named', async () => {
  const [values, scales] = [Int8Array.of(127, -127, 0, 1, 2, -3), Float32Array.of(0.5, 0.25)];
  await writeSafetensors(
    path,
    [
      { name: 'a', shape: [2, 3], dtype: 'I8', values: () => values },
      { name: 'a.scale', shape: [2], values: () => scales },
      { name: 'b', shape: [2, 3], dtype: 'I8', values: () => values },
      { name: 'c', shape: [2, 3], dtype: 'I8', values: () => values },
      { name: 'c.scale', shape: [3], values: () => Float32Array.of(1, 1, 1) },
    ],
    {},
  );
  const file = await openSafetensors(path);
  expect(file.names()).toEqual(['a', 'b', 'c']);
  const whole = new Float32Array(6);
  await file.read('a', [2, 3], whole);
  expect([...whole]).toEqual([63.5, -63.5, 0, 0.25, 0.5, -0.75]);
  const first = new Float32Array(4);
  await file.read('a', [2, 3], first);
  expect([...first]).toEqual([63.5, -63.5, 0, 0.25]);
  await expect(file.read('b', [2, 3], whole)).rejects.toThrow('tensor b.scale is missing');
  await expect(file.read('c', [2, 3], whole)).rejects.toThrow('tensor c.scale has shape [3], needed is [2]');
  await file.close();
});

test('what is written is read back, whatever the names', async () => {
  const names = ['a', '__proto__', 'ünïcode "quoted"', 'constructor'];
  const tensors = names.map((name, index) => {
    const data = Float32Array.from({ length: index + 1 }, (_, element) => index + element / 7);
    return { name, shape: [index + 1], values: () => data };
  });
  await writeSafetensors(path, tensors, { format: 'pt' });
  const file = await openSafetensors(path);
  expect(file.metadata).toEqual({ format: 'pt' });
  expect(file.names()).toEqual(names);
  for (const { name, shape, values } of tensors) {
    const into = new Float32Array(shape[0]!);
    await file.read(name, shape, into);
    expect(into).toEqual(values());
  }
  await file.close();
});

import { expect, test } from 'vitest';
import { decodeText } from '../../src/io/text-encoding.js';

async function* inChunks(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

async function decoded(bytes: Uint8Array, length = bytes.length || 1) {
  const remarks: string[] = [];
  let text = '';
  for await (const part of decodeText(inChunks(bytes, length), 'a.csv', (remark) => remarks.push(remark))) {
    text += part;
  }
  return { text, remarks };
}

test('UTF-8 is the same however it is cut, its byte order mark left out', async () => {
  const text = 'Größe 😀 漢字, plain\r\n'.repeat(5000);
  for (const length of [1, 3, 1000, 65_537, 1e9]) {
    expect(await decoded(Buffer.from(`\uFEFF${text}`), length)).toEqual({ text, remarks: [] });
  }
});

test('Latin-1 is told from UTF-8, also behind much that is ASCII', async () => {
  for (const before of ['', 'plain ASCII\n'.repeat(20_000)]) {
    const { text, remarks } = await decoded(Buffer.from(`${before}für Füße, Größe`, 'latin1'));
    expect(text).toBe(`${before}für Füße, Größe`);
    expect(remarks).toEqual(['a.csv is not UTF-8: it is read as Latin-1 (Windows-1252)']);
  }
});

test('UTF-8 with a few faults stays UTF-8, and they are counted', async () => {
  const { text, remarks } = await decoded(
    Buffer.concat([Buffer.from('Größe für '.repeat(9)), Buffer.of(0xe9, 0xff)]),
  );
  expect(text.endsWith('für \uFFFD\uFFFD')).toBe(true);
  expect(remarks).toEqual(['a.csv holds 2 characters that are not UTF-8; they are taken out']);
});

test('a letter cut short at the end is a fault', async () => {
  expect(await decoded(Buffer.from('Größe für Füße €').subarray(0, -1))).toEqual({
    text: 'Größe für Füße \uFFFD',
    remarks: [expect.stringMatching(/holds 1 character/)],
  });
});

test.each<[string, Uint8Array, RegExp]>([
  ['nothing', new Uint8Array(), /a\.csv: it is empty/],
  ['UTF-16', Buffer.from('\uFEFFtitle', 'utf16le'), /UTF-16/],
  ['a NUL', Buffer.from('one\0two'), /binary/],
  ['control characters', Buffer.alloc(1000, '\x01'), /binary/],
])('%s is no text', async (_name, bytes, message) => {
  await expect(decoded(bytes)).rejects.toThrow(message);
});

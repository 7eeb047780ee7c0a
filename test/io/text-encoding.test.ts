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
    expect(remarks).toEqual(['a.csv holds 5 bytes that are not UTF-8: read as Windows-1252 (Latin-1)']);
  }
});

test('UTF-8 with a few faults stays UTF-8, and they are counted', async () => {
  const { text, remarks } = await decoded(
    Buffer.concat([Buffer.from('Größe für '.repeat(9)), Buffer.of(0xe9, 0xff)]),
  );
  expect(text.endsWith('für éÿ')).toBe(true);
  expect(remarks).toEqual(['a.csv holds 2 bytes that are not UTF-8: read as Windows-1252 (Latin-1)']);
});

test('a letter cut short at the end is a fault', async () => {
  expect(await decoded(Buffer.from('Größe für Füße €').subarray(0, -1))).toEqual({
    text: 'Größe für Füße â‚',
    remarks: [expect.stringMatching(/holds 2 bytes/)],
  });
});

test.each<[string, Uint8Array, RegExp]>([
  ['nothing', new Uint8Array(), /a\.csv: it is empty/],
  ['UTF-16 without its mark', Buffer.from('one title', 'utf16le'), /binary/],
  ['control characters', Buffer.alloc(1000, '\x01'), /binary/],
])('%s is no text', async (_name, bytes, message) => {
  await expect(decoded(bytes)).rejects.toThrow(message);
});

test('a stray byte changes nothing but itself, wherever it stands and however it is cut', async () => {
  const [before, after] = ['plain ASCII\n'.repeat(7000), 'Größe 😀 漢字\n'.repeat(50)];
  const bytes = Buffer.concat([Buffer.from(`${before}It`), Buffer.of(0x92), Buffer.from(`s\n${after}`)]);
  for (const length of [7, 65_535, 65_536, 1e9]) {
    expect(await decoded(bytes, length)).toEqual({
      text: `${before}It’s\n${after}`,
      remarks: ['a.csv holds 1 byte that is not UTF-8: read as Windows-1252 (Latin-1)'],
    });
  }
});

test('bytes that only look like the beginning of a letter are single ones', async () => {
  // A lead byte before ASCII, a surrogate in UTF-8, an overlong slash, a lead byte before another letter.
  const bytes = Buffer.of(0xe9, 0x41, 0xed, 0xa0, 0x80, 0xc0, 0xaf, 0xc3, 0xc3, 0xa9);
  for (const length of [1, 2, 3, 10]) {
    expect((await decoded(bytes, length)).text).toBe('éAí\u00a0€À¯Ãé');
  }
});

test('U+FFFD that a file really holds, and one NUL, are text', async () => {
  expect(await decoded(Buffer.from('a\uFFFDb\nOne\0Two\n'))).toEqual({
    text: 'a\uFFFDb\nOne\0Two\n',
    remarks: [],
  });
});

test('text in UTF-16 is read where its byte order mark says so', async () => {
  const text = 'title\r\nÄ 漢字 😀 end\r\n';
  const little = Buffer.from(`\uFEFF${text}`, 'utf16le');
  for (const bytes of [little, Buffer.from(little).swap16()]) {
    for (const length of [3, 4, 1000]) expect(await decoded(bytes, length)).toEqual({ text, remarks: [] });
  }
});

import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
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

/** Bytes by chance, always the same. */
const byChance = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => Math.floor(random.uniform() * 256)));
const random = createRandom(1, 'bytes');

const zipped = (...names: readonly string[]): Buffer =>
  Buffer.concat(
    names.map((name) =>
      Buffer.concat([
        Buffer.from('PK\x03\x04\x14\0\0\0\x08\0'),
        Buffer.alloc(16, 7),
        Buffer.of(name.length, 0, 0, 0),
        Buffer.from(name),
        byChance(400),
      ]),
    ),
  );
const word = zipped('[Content_Types].xml', '_rels/.rels', 'word/document.xml');
const ole = Buffer.concat([Buffer.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1), Buffer.alloc(600)]);
const png = Buffer.concat([
  Buffer.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13),
  Buffer.from('IHDR'),
  byChance(900),
]);

test.each<[string, Uint8Array, RegExp, RegExp]>([
  ['.docx', word, /it is a document of a word processor \(Word, \.docx\)/, /Plain text/],
  ['.xlsx', zipped('[Content_Types].xml', 'xl/workbook.xml'), /a spreadsheet \(Excel, \.xlsx\)/, /CSV UTF-8/],
  ['a .docx of which four bytes are there', word.subarray(0, 4), /office program/, /Plain text/],
  ['the middle of a .docx', word.subarray(1000), /a binary file/, /text file/],
  ['.zip', zipped('titles.txt'), /a packed file \(ZIP\)/, /Unpack/],
  ['.doc', Buffer.concat([ole, Buffer.from('WordDocument', 'utf16le')]), /\(Word, \.doc\)/, /Plain text/],
  ['.xls', Buffer.concat([ole, Buffer.from('Workbook', 'utf16le')]), /\(Excel, \.xls\)/, /CSV UTF-8/],
  ['.doc, cut short', ole.subarray(0, 9), /office program/, /Plain text/],
  ['.pdf', Buffer.from('%PDF-1.7\n%'), /a PDF/, /text file/],
  ['.rtf', Buffer.from('{\\rtf1\\ansi One title}'), /Rich Text/, /Plain text/],
  ['.png', png, /a picture \(PNG\)/, /text file/],
  ['.png, cut short', png.subarray(0, 11), /a picture \(PNG\)/, /text file/],
  ['.jpg', Buffer.concat([Buffer.of(0xff, 0xd8, 0xff, 0xe0), byChance(90)]), /a picture \(JPEG\)/, /text/],
  ['.gif', Buffer.from('GIF89ad\0d\0'), /a picture \(GIF\)/, /text file/],
  ['.mp3', Buffer.concat([Buffer.of(0xff, 0xfb, 0x90, 0x64, 0), byChance(90)]), /a recording/, /text/],
  ['.mp4', Buffer.from('\0\0\0\x18ftypisom\0\0\x02\0'), /a recording/, /text file/],
  ['bytes by chance', byChance(40), /a binary file/, /text file/],
  ['bytes by chance behind a mark', Buffer.from([0xff, 0xfe, ...byChance(400)]), /a binary file/, /text/],
])(
  '%s is told by its first bytes, whatever it is called and however it is cut',
  async (_, bytes, is, hint) => {
    for (const length of [1, 300, bytes.length]) {
      const refused = decoded(bytes, length);
      await expect(refused).rejects.toThrow(is);
      await expect(refused).rejects.toMatchObject({ code: 'not-text', hint: expect.stringMatching(hint) });
    }
  },
);

test.each([
  ['a title that begins as a GIF does', Buffer.from('GIF89a explained\n')],
  ['a title that begins as a BMP does', Buffer.from('BMW or Audi\n')],
  [
    'Russian in Windows-1251, which begins as an MP3 does',
    Buffer.of(0xff, 0xe2, 0xeb, 0xe5, 0xed, 0xe8, 0xe5),
  ],
  ['Greek in ISO 8859-7', Buffer.from([...Array(40)].flatMap(() => [0xcf, 0xf5, 0xf4, 0xe5, 0x20]))],
])('%s is text', async (_, bytes) => {
  expect((await decoded(bytes)).text).toHaveLength(bytes.length);
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

import { gzipSync } from 'node:zlib';

/** What is read of a file: of what it is an example, its content, the ending of its name, and the line that refuses it. */
type UnreadableFile = readonly [what: string, content: string | Uint8Array, ending: string, line: RegExp];

const rows = ['title', ...Array.from({ length: 9 }, (_, row) => `A title of row ${row + 1}`)];
const withRow = (row: number, text: string): string => rows.toSpliced(row, 1, text).join('\n');

const gzipped = gzipSync('title\n'.repeat(99));

/** 64 MiB of a letter, in 65 kB. */
const letters = gzipSync(Buffer.alloc(2 ** 26, 'a'));

/** A frame of zstd (RFC 8878) that says a letter 128 KiB at a time, 64 GiB in all, in 2 MB. */
function endlessZstd(): Uint8Array {
  const [blockBytes, blocks, blockHeader] = [2 ** 17, 2 ** 19, 4];
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x38];
  const bytes = new Uint8Array(header.length + blocks * blockHeader);
  bytes.set(header);
  // Not the last block, of one byte that is repeated (1), and how often.
  const block = (1 << 1) | (blockBytes << 3);
  for (let at = header.length; at < bytes.length; at += blockHeader)
    bytes.set([block & 0xff, (block >> 8) & 0xff, block >> 16, 0x61], at);
  return bytes;
}

/** Files that hold no titles or hide them, which are refused alike on a disk, in a browser and on the page. */
export const unreadableFiles: readonly UnreadableFile[] = [
  ['empty', '', 'csv', /it is empty/],
  ['only a header', 'title\r\n', 'csv', /holds no title/],
  [
    'an unclosed quote',
    withRow(7, '"Never closed'),
    'csv',
    /line 8 \(record 8\): a quote is opened there and never closed/,
  ],
  [
    'a quote closed by that of another row',
    `title\n"Two\nlines"\n"Opened here\nA title\n"And closed", here\n`,
    'csv',
    /line 4 \(record 3\): a quoted value goes on/,
  ],
  [
    'a quote in the middle',
    'title\nOne\nSay "hi"\n',
    'csv',
    /line 3 \(record 3\): a quote stands in a value/,
  ],
  [
    'an unquoted comma',
    'title\nOne\nTwo, three\n',
    'csv',
    /line 3 \(record 3\): it has more or fewer values.*\.txt/,
  ],
  ['no such column', 'name,body\na,b\n', 'csv', /no column "title".*"name", "body".*--column/],
  [
    'semicolons',
    'Nr;Titel;Jahr\n1;One, two;1999\n2;Three;2000\n',
    'csv',
    /no column "title".*"Nr", "Titel", "Jahr" \(between ";"\)/,
  ],
  [
    'a record without end',
    `title\n"${'x'.repeat(1_200_000)}`,
    'csv',
    /line 2.*longer than 1000000 characters/,
  ],
  [
    'an unclosed quote behind blank lines',
    'title\nOne\n\n\n"Never closed\nTwo\n',
    'csv',
    /line 5 \(record 3\): a quote is opened there/,
  ],
  ['text without line breaks', 'x'.repeat(1_200_000), 'txt', /line 1: it is longer than 1000000 characters/],
  ['many NUL bytes', 'title\nO\0n\0e\0T\0w\0o\0\n', 'csv', /binary/],
  [
    'bytes of all kinds',
    Uint8Array.from({ length: 4096 }, (_, i) => ((i * 151) % 255) + 1),
    'csv',
    /it is a binary file/,
  ],
  [
    'a document of Word, as text',
    Buffer.from(`PK\x03\x04\x14\0\x06\0${'word/document.xml'.padEnd(200, 'x')}`),
    'txt',
    /it is a document of a word processor \(Word, \.docx\)/,
  ],
  ['a ZIP that is cut short', 'PK\x03\x04\x14\0\x06\0', 'txt', /it is a packed file \(ZIP\), or/],
  ['a picture that is cut short', Buffer.from('\x89PNG\r\n', 'latin1'), 'csv', /it is a picture \(PNG\)/],
  ['not gzip', 'title\n', 'csv.gz', /not a gzip file/],
  ['not zstd', 'title\n', 'csv.zst', /not a zstd file/],
  ['cut gzip', gzipSync('title\n'.repeat(99)).subarray(0, 20), 'csv.gz', /it is cut short/],
  ['another compression', 'x', 'csv.xz', /only \.gz and \.zst are decompressed/],
  ['no JSON', '{"title":"One"}\n{"title":', 'jsonl', /line 2: it is no JSON/],
  [
    'no title in JSON',
    '{"title":"One"}\n{"name":"x"}\n',
    'jsonl',
    /line 2: it has no text called "title" or "text".*--column/,
  ],
  ['a number in JSON', '["One", 2]', 'json', /item 2: it has no text/],
  ['a cut array', '["One",', 'json', /its array: it is no JSON/],
  ['an empty array', '[]', 'json', /holds no title/],
  [
    'a web page',
    '<!DOCTYPE html>\n<html>\n<body>Sign in</body>\n</html>\n',
    'csv',
    /it is a web page \(HTML\)/,
  ],
  ['a web page as text', '\n<html lang="en">\n</html>\n', 'txt', /it is a web page \(HTML\)/],
  ['JSON as text', '{"title":"One"}\n{"title":"Two"}\n', 'txt', /its lines are JSON objects/],
  ['JSON as CSV', '{"text":"One"}\n', 'csv', /its lines are JSON objects/],
  ['UTF-16 without a mark', Buffer.from('title\nOne title\n', 'utf16le'), 'csv', /binary/],
  [
    'a second member that is cut',
    Buffer.concat([gzipped, gzipped.subarray(0, 20)]),
    'txt.gz',
    /it is cut short/,
  ],
  [
    'a first member that is cut',
    Buffer.concat([gzipped.subarray(0, 20), gzipped]),
    'txt.gz',
    /its gzip data is damaged/,
  ],
  [
    'no gzip behind a member',
    Buffer.concat([gzipped, Buffer.from('<html>')]),
    'txt.gz',
    /its gzip data is damaged/,
  ],
  [
    'a wrong checksum of gzip',
    Buffer.from(gzipped).fill(7, gzipped.length - 8, gzipped.length - 4),
    'txt.gz',
    /its gzip data is damaged/,
  ],
  ['a letter without end', letters, 'txt.gz', /line 1: it is longer than 1000000 characters/],
  [
    'a letter without end, in many members',
    Buffer.concat(Array<Buffer>(64).fill(letters)),
    'csv.gz',
    /longer than 1000000 characters/,
  ],
  ['64 GiB of a letter', endlessZstd(), 'txt.zst', /line 1: it is longer than 1000000 characters/],
];

/** What a member of gzip begins with. */
const lookalike = Buffer.of(0x1f, 0x8b, 8, 4);

/** A gzip file of many members, as `cat` and `bgzip` make them: what one holds ends in the middle of a letter. */
function inMembers(text: string, memberBytes: number): Uint8Array {
  const bytes = Buffer.from(text);
  const parts = Array.from({ length: Math.ceil(bytes.length / memberBytes) }, (_, index) =>
    gzipSync(bytes.subarray(index * memberBytes, (index + 1) * memberBytes)),
  );
  return Buffer.concat(parts);
}

const many = Array.from({ length: 12_000 }, (_, index) => `Größe 😀 number ${index}`);
const [one, two] = ['One long title', 'Another title'];
const zstdOf = (text: string): Uint8Array => {
  const bytes = Buffer.from(text);
  // One frame of a single segment, and in it one block as it is, the last (RFC 8878, 3.1.1).
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes.length, 1 | (bytes.length << 3), bytes.length >> 5, 0];
  return Buffer.concat([Uint8Array.from(header), bytes]);
};

/** Files that look odd and are read all the same, with the titles that they hold. */
export const readableFiles: readonly (readonly [
  what: string,
  content: string | Uint8Array,
  ending: string,
  titles: readonly string[],
])[] = [
  [
    'two members of gzip',
    Buffer.concat([gzipSync(`title\n${one}\n`), gzipSync(`${two}\n`)]),
    'csv.gz',
    [one, two],
  ],
  [
    'a member that holds nothing',
    Buffer.concat([gzipSync(''), gzipSync(one), gzipSync('')]),
    'txt.gz',
    [one],
  ],
  ['many members of gzip', inMembers(many.join('\n'), 65_280), 'txt.gz', many],
  [
    'what looks like a member',
    gzipSync(Buffer.concat([Buffer.from(one), lookalike, Buffer.from(two)]), { level: 0 }),
    'txt.gz',
    [`${one}\x1f‹\x08\x04${two}`],
  ],
  ['two frames of zstd', Buffer.concat([zstdOf(`${one}\n`), zstdOf(two)]), 'txt.zst', [one, two]],
  [
    'UTF-16 as spreadsheets write it',
    Buffer.from(`\uFEFFtitle\r\n${one}\r\nGrößenordnung\r\n`, 'utf16le'),
    'csv',
    [one, 'Größenordnung'],
  ],
  [
    'a table as “Unicode text” of a spreadsheet',
    Buffer.from(`\uFEFFtitle\tn\r\n${one}\t1\r\n"Two, ""so"" to say"\t2\r\n`, 'utf16le'),
    'txt',
    [one, 'Two, "so" to say'],
  ],
  [
    'lines with tabs, one more or less',
    `title\tn\n${one}\t1\n${two}\n`,
    'txt',
    ['title\tn', `${one}\t1`, two],
  ],
  ['a byte order mark, CRLF', `\uFEFFtitle\r\n${one}\r\n${two}\r\n`, 'csv', [one, two]],
];

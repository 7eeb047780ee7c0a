import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ProgressEvent, silentContext } from '../../../src/common/progress.js';
import { collect } from '../../../src/pipeline/collect.js';
import { openCsvSource } from '../../../src/pipeline/sources/csv/csv.js';
import { linesOf } from '../../../src/pipeline/sources/csv/text.js';
import { failureLine, temporaryFolder, titlesOf, write } from './helpers.js';
import { question } from './posts.js';

const folder = temporaryFolder();
const everything = question({ subreddits: [], minLength: 1, limit: 1_000_000 });
let serial = 0;

/** The titles of a file with this content. */
async function read(
  content: string | Uint8Array,
  { name = 'csv', column = undefined as string | undefined } = {},
) {
  serial += 1;
  const path = write(folder, `${serial}.${name}`, content);
  return titlesOf(await openCsvSource([path], { column }), everything);
}

describe('what is a title', () => {
  test.each<[string, string, string[]]>([
    ['a header', 'title\nOne\nTwo\n', ['One', 'Two']],
    ['a header in another case, with spaces', ' Title \nOne\n', ['One']],
    ['no header, one column', 'One\nTwo\n', ['One', 'Two']],
    ['no line break at the end', 'title\nOne', ['One']],
    ['a byte order mark', '\uFEFFtitle\r\nOne\r\n', ['One']],
    ['a byte order mark before a quote', '\uFEFF"title"\r\n"One, two"\r\n', ['One, two']],
    ['CRLF', 'title\r\nOne\r\nTwo\r\n', ['One', 'Two']],
    ['quotes, commas, doubled quotes', 'title\n"Say ""hi"", twice"\n', ['Say "hi", twice']],
    ['a quoted line break', 'title\r\n"Two\r\nlines"\r\nOne\r\n', ['Two\r\nlines', 'One']],
    ['empty lines', 'title\n\nOne\n\n\nTwo\n\n', ['One', 'Two']],
    ['several columns', 'score,title,id\n5,One,a\n4,"Two, three",b\n', ['One', 'Two, three']],
    ['a title called title', 'title\ntitle\n', ['title']],
    ['outer spaces', 'title\n  One  \n', ['  One  ']],
    ['prototype-like names', '__proto__,title,constructor\n1,One,2\n', ['One']],
  ])('%s', async (_name, content, titles) => {
    expect(await read(content)).toEqual(titles);
  });

  test('another column, by name in any case', async () => {
    expect(await read('title,Headline\na,One\n', { column: 'headline' })).toEqual(['One']);
  });

  test('a text file: a title a line, quotes and commas as they are', async () => {
    const content = 'title\r\n"Quoted", and not\n\n  \nlast';
    expect(await read(content, { name: 'txt' })).toEqual(['title', '"Quoted", and not', 'last']);
  });

  test('gzip', async () => {
    expect(await read(gzipSync('title\nOne\n'), { name: 'csv.gz' })).toEqual(['One']);
    expect(await read(gzipSync('One, two\n'), { name: 'txt.gz' })).toEqual(['One, two']);
  });

  test('any titles, written by RFC 4180, come back', async () => {
    const titles = fc.array(
      fc.string({ unit: 'grapheme', minLength: 1 }).filter((title) => title.trim() !== ''),
      {
        minLength: 1,
      },
    );
    await fc.assert(
      fc.asyncProperty(titles, async (written) => {
        const lines = written.map((title) => `"${title.replaceAll('"', '""')}"\r\n`);
        expect(await read(`title\r\n${lines.join('')}`)).toEqual(written);
      }),
      { numRuns: 60 },
    );
  });

  test('a file larger than any buffer, a letter across every boundary', async () => {
    const titles = Array.from({ length: 30_000 }, (_, index) => `Größe 😀 number ${index}`);
    expect(await read(['title', ...titles].join('\n'))).toEqual(titles);
  });

  test('several files one behind the other; the limit counts titles long enough', async () => {
    const paths = [
      write(folder, 'first.csv', 'title\nLong enough 1\nshort\n'),
      write(folder, 'second.txt', 'Long enough 2\nLong enough 3\n'),
    ];
    const source = await openCsvSource(paths, { column: undefined });
    expect(await titlesOf(source, question({ subreddits: [], limit: 2 }))).toEqual([
      'Long enough 1',
      'short',
      'Long enough 2',
    ]);
    const matched = await openCsvSource([`${folder}/f?rst.csv`], {
      column: undefined,
    });
    expect(await titlesOf(matched, everything)).toHaveLength(2);
  });
});

describe('lines', () => {
  test('every kind of end, wherever the text is cut', async () => {
    const text = 'a\nb\r\nc\rd\r\n\r\ne\n\rf\r';
    const expected = ['a', 'b', 'c', 'd', '', 'e', '', 'f'];
    for (let first = 0; first <= text.length; first += 1) {
      for (let second = first; second <= text.length; second += 1) {
        const parts = [text.slice(0, first), text.slice(first, second), text.slice(second)];
        const chunks = (async function* () {
          yield* parts;
        })();
        expect(await collect(linesOf(chunks)), JSON.stringify(parts)).toEqual(expected);
      }
    }
  });
});

describe('what cannot be read ends in one line', () => {
  const rows = ['title', ...Array.from({ length: 9 }, (_, row) => `A title of row ${row + 1}`)];
  const withRow = (row: number, text: string): string => rows.toSpliced(row, 1, text).join('\n');

  test.each<[string, string | Uint8Array, string, RegExp]>([
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
      'a record without end',
      `title\n"${'x'.repeat(1_200_000)}`,
      'csv',
      /line 2.*longer than 1000000 characters/,
    ],
    ['NUL bytes', 'title\nOne\0Two\n', 'csv', /binary/],
    [
      'bytes of all kinds',
      Uint8Array.from({ length: 4096 }, (_, i) => ((i * 151) % 255) + 1),
      'csv',
      /not UTF-8/,
    ],
    ['Latin-1', Buffer.from('title\nÜbergröße für Füße\n', 'latin1'), 'csv', /not UTF-8.*Save it as UTF-8/],
    ['UTF-16', Buffer.from('\uFEFFtitle\nOne\n', 'utf16le'), 'csv', /UTF-16/],
    ['not gzip', 'title\n', 'csv.gz', /not a gzip file/],
    ['cut gzip', gzipSync('title\n'.repeat(99)).subarray(0, 20), 'csv.gz', /not a gzip file|gz/],
    ['zstd', 'x', 'csv.zst', /only \.gz is unpacked/],
  ])('%s', async (_name, content, name, pattern) => {
    const line = await failureLine(() => read(content, { name }));
    expect(line).toMatch(pattern);
    expect(line).toContain(`${serial}.${name}`);
  });

  test('no such file, months asked for, no file named', async () => {
    expect(await failureLine(() => openCsvSource([`${folder}/no.csv`], { column: undefined }))).toMatch(
      /no such file/,
    );
    const source = await openCsvSource([write(folder, 'dated.csv', 'title\nOne\n')], { column: undefined });
    expect(await failureLine(() => titlesOf(source, question({ from: '2013-01' })))).toMatch(
      /--from and --to/,
    );
    expect(await failureLine(() => openCsvSource([], { column: undefined }))).toMatch(/--input/);
  });

  test('a column asked for that is not there', async () => {
    expect(await failureLine(() => read('title\nOne\n', { column: 'headline' }))).toMatch(
      /no column "headline"/,
    );
  });
});

test('a few broken bytes are read, and told of', async () => {
  const good = 'A title without any fault\n'.repeat(50);
  const path = write(
    folder,
    'few.csv',
    Buffer.concat([Buffer.from(`title\n${good}A b`), Buffer.of(0xe9), Buffer.from('d\n')]),
  );
  const events: ProgressEvent[] = [];
  const source = await openCsvSource([path], { column: undefined });
  const rows = await collect(
    source.rows(everything, { ...silentContext, onProgress: (event) => events.push(event) }),
  );
  expect(rows.at(-1)?.title).toBe('A b\uFFFDd');
  expect(events).toEqual([{ kind: 'warning', message: expect.stringMatching(/few\.csv holds 1 character/) }]);
});

test('the fingerprint follows column and content', async () => {
  const path = write(folder, 'print.csv', 'title,other\nOne,Two\n');
  const print = async (column?: string) => (await openCsvSource([path], { column })).fingerprint();
  expect(await print()).toBe(await print());
  expect(await print()).not.toBe(await print('other'));
});

import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { droppedFilesSource } from '../../../src/browser/titles/dropped-files.js';
import { collect } from '../../../src/common/collect.js';
import { type ProgressEvent, silentContext } from '../../../src/common/progress.js';
import type { CsvLayoutOptions } from '../../../src/data/sources/csv-layout.js';
import { openCsvSource } from '../../../src/data/sources/csv-source.js';
import { matchingFiles } from '../../../src/data/sources/input-files.js';
import type { TitleSource } from '../../../src/data/sources/title-source.js';
import { failureLine, temporaryFolder, titlesOf, write } from './helpers.js';
import { readableFiles, unreadableFiles } from './hostile-files.js';
import { question } from './posts.js';

const folder = temporaryFolder();
const everything = question({ subreddits: [], minLength: 1, limit: 1_000_000 });
let serial = 0;

/** Files as a page gets them, by their names alone. */
async function openDropped(paths: readonly string[], options: CsvLayoutOptions): Promise<TitleSource> {
  const named = (await Promise.all(paths.map(matchingFiles))).flat();
  const files = named.map(async (path) => new File([await readFile(path)], basename(path)));
  return droppedFilesSource(await Promise.all(files), options);
}

describe.each([
  { side: 'on a disk', open: openCsvSource },
  { side: 'in a browser', open: openDropped },
])('$side', ({ open }) => {
  /** The titles of a file with this content. */
  async function read(
    content: string | Uint8Array,
    { name = 'csv', column = undefined as string | undefined } = {},
  ) {
    serial += 1;
    const path = write(folder, `${serial}.${name}`, content);
    return titlesOf(await open([path], { column, header: undefined }), everything);
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

    test.each(readableFiles)('%s', async (_what, content, name, titles) => {
      expect(await read(content, { name })).toEqual(titles);
    });

    test('zstd', async () => {
      // `zstd` of "title\nOne\n".
      const compressed = Buffer.from('KLUv/QRYUQAAdGl0bGUKT25lCtSQZd4=', 'base64');
      expect(await read(compressed, { name: 'csv.zst' })).toEqual(['One']);
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
      const source = await open(paths, { column: undefined, header: undefined });
      expect(await titlesOf(source, question({ subreddits: [], limit: 2 }))).toEqual([
        'Long enough 1',
        'short',
        'Long enough 2',
      ]);
      const matched = await open([`${folder}/f?rst.csv`], {
        column: undefined,
        header: undefined,
      });
      expect(await titlesOf(matched, everything)).toHaveLength(2);
    });
  });

  describe('what cannot be read ends in one line', () => {
    test.each(unreadableFiles)('%s', async (_name, content, name, pattern) => {
      const line = await failureLine(() => read(content, { name }));
      expect(line).toMatch(pattern);
      expect(line).toContain(`${serial}.${name}`);
    });

    test.each<[string, string, Partial<CsvLayoutOptions>, readonly string[]]>([
      ['its column title', 'Title\tn\nOne\t1\nTwo\t2\n', {}, ['One', 'Two']],
      ['a column by name', 'n\tsaid\n1\tOne\n2\tTwo\n', { column: 'said' }, ['One', 'Two']],
      ['a column by number', '1\tOne\n2\tTwo\n', { column: '2' }, ['One', 'Two']],
      ['quotes that are none', 'title\tn\nSay "hi"\t1\nTwo\t2\n', {}, ['Say "hi"', 'Two']],
      ['no header, if that is said', 'title\tn\nOne\t1\n', { header: false }, ['title\tn', 'One\t1']],
      ['no usual name', 'said\tn\nOne\t1\n', {}, ['said\tn', 'One\t1']],
      ['a header alone', 'title\tn\n', {}, ['title\tn']],
    ])('lines with as many tabs each, and %s', async (_what, content, options, titles) => {
      const read = await readWithRemarks(content, { name: 'txt', options });
      expect(read.titles).toEqual(titles);
    });

    test('lines with as many tabs each, and a header without a title, ask for the column', async () => {
      expect(await failureLine(() => read('n\theadline\n1\tOne\n', { name: 'txt' }))).toMatch(
        /no column "title".*"n", "headline" \(between "\\t"\); name one with --column/,
      );
    });

    test('a column asked for that is not there', async () => {
      expect(await failureLine(() => read('title\nOne\n', { column: 'headline' }))).toMatch(
        /no column "headline"/,
      );
    });
  });

  async function readWithRemarks(
    content: string | Uint8Array,
    { name = 'csv', options = {} as Partial<CsvLayoutOptions>, query = everything } = {},
  ) {
    const events: ProgressEvent[] = [];
    serial += 1;
    const path = write(folder, `${serial}.${name}`, content);
    const source = await open([path], { column: undefined, header: undefined, ...options });
    const context = { ...silentContext, onProgress: (event: ProgressEvent) => events.push(event) };
    const titles = (await collect(source.rows(query, context))).map(({ title }) => title);
    return { titles, events };
  }

  test('a few broken bytes in UTF-8 are read, and told of', async () => {
    const good = 'Größe, überall\n'.replace(',', '').repeat(9);
    const content = Buffer.concat([Buffer.from(`title\n${good}A b`), Buffer.of(0xe9), Buffer.from('d\n')]);
    const { titles, events } = await readWithRemarks(content);
    expect(titles.at(-1)).toBe('A béd');
    expect(events).toEqual([
      { kind: 'warning', message: expect.stringMatching(/holds 1 byte that is not UTF-8/) },
    ]);
  });

  test('Latin-1 is told from UTF-8, however late its first letter comes, and told of', async () => {
    for (const before of [0, 20_000]) {
      const text = `title\n${'Plain ASCII first\n'.repeat(before)}Übergröße für Füße – “so”\n`;
      const bytes = Buffer.from(
        text.replace('–', '\x96').replace('“', '\x93').replace('”', '\x94'),
        'latin1',
      );
      const { titles, events } = await readWithRemarks(bytes);
      expect(titles.at(-1)).toBe('Übergröße für Füße – “so”');
      expect(events).toEqual([{ kind: 'warning', message: expect.stringMatching(/read as Windows-1252/) }]);
    }
  });

  describe('layouts', () => {
    const layouts: [string, string, { column?: string; header?: boolean }, string[]][] = [
      ['semicolons', 'id;title;score\n1;One, two;5\n', {}, ['One, two']],
      ['tabs', 'id\ttitle\n1\tOne; two\n', {}, ['One; two']],
      ['bars, quoted header', '"title"|"id"\n"One|two"|1\n', {}, ['One|two']],
      ['semicolons in one column are text', 'title\nOne; two\n', {}, ['One; two']],
      ['no header, though it looks like one', 'title\nOne\n', { header: false }, ['title', 'One']],
      ['a header, though no column is asked for', 'Headline\nOne\n', { header: true }, ['One']],
      ['no header, a column by number', '1;One\n2;Two\n', { header: false, column: '2' }, ['One', 'Two']],
      ['a header that is found, a column by number', 'id,Text\n1,One\n', { column: '2' }, ['One']],
      ['no header that is found, a column by number', '1,A b\n2,C d\n', { column: '2' }, ['A b', 'C d']],
      ['a header, a column by number', 'id,text\n1,One\n', { header: true, column: '2' }, ['One']],
    ];
    test.each(layouts)('%s', async (_name, content, { column, header }, titles) => {
      serial += 1;
      const path = write(folder, `${serial}.csv`, content);
      expect(await titlesOf(await open([path], { column, header }), everything)).toEqual(titles);
    });
  });

  test('the limit counts characters, not UTF-16 units', async () => {
    const path = write(folder, 'emoji.csv', 'title\n😀😀😀😀\nOne long title\nAnother title\n');
    const source = await open([path], { column: undefined, header: undefined });
    expect(await titlesOf(source, question({ subreddits: [], limit: 1 }))).toEqual([
      '😀😀😀😀',
      'One long title',
    ]);
  });

  describe('the fingerprint', () => {
    const print = async (name: string, content: string, options: Partial<CsvLayoutOptions> = {}) => {
      const path = write(folder, name, content);
      return (await open([path], { column: undefined, header: undefined, ...options })).fingerprint();
    };

    test.each<[string, string, string, Partial<CsvLayoutOptions>]>([
      ['the column that is found', 'a.csv', 'title,other\nOne,Two\n', { column: 'title' }],
      ['that column in other letters, or by number', 'a.csv', 'other;Title\nOne;Two\n', { column: 'TITLE' }],
      ['its number', 'a.csv', 'other,title\nOne,Two\n', { column: '2' }],
      ['the header that is found', 'a.csv', 'title\nOne\n', { header: true }],
      ['no header where none is found', 'a.csv', 'One title\nAnother\n', { header: false }],
      ['quotes', 'a.csv', 'title\nOne\n', { quotes: true }],
      ['the name that objects have', 'a.jsonl', '{"text":"One"}\n{"text":"Two"}\n', { column: 'text' }],
      ['the name in an array', 'a.json', '[{"title":"One"}]', { column: 'title' }],
      ['a column for plain lines', 'a.txt', 'One\nTwo\n', { column: 'title' }],
    ])('is the same with %s', async (_what, name, content, options) => {
      expect(await print(name, content, options)).toBe(await print(name, content));
    });

    test.each<[string, string, string, Partial<CsvLayoutOptions>]>([
      ['another column', 'a.csv', 'title,other\nOne,Two\n', { column: 'other' }],
      ['another column of lines', 'a.txt', 'title\tother\nOne\tTwo\n', { column: 'other' }],
      ['a header taken for a title', 'a.csv', 'title\nOne\n', { header: false }],
      ['a title taken for a header', 'a.csv', 'One title\nAnother\n', { header: true }],
      ['quotes as text', 'a.csv', 'title\n"One"\n', { quotes: false }],
      ['another name of objects', 'a.jsonl', '{"text":"One","name":"Two"}\n', { column: 'name' }],
    ])('differs with %s', async (_what, name, content, options) => {
      expect(await print(name, content, options)).not.toBe(await print(name, content));
    });

    test('follows the content', async () => {
      expect(await print('a.csv', 'title\nOne\n')).not.toBe(await print('a.csv', 'title\nTwo\n'));
    });
  });

  describe('files as spreadsheets and other tools write them', () => {
    test.each<[string, string, Partial<CsvLayoutOptions>, string[]]>([
      ['CRLF behind the header, LF behind the rest', 'title\r\nOne\nTwo\n', {}, ['One', 'Two']],
      ['LF, then CR', 'title\nOne\rTwo\r', {}, ['One', 'Two']],
      ['CR alone', 'title\rOne\rTwo', {}, ['One', 'Two']],
      ['sep=; with a header', 'sep=;\r\nid;title\r\n1;One, two\r\n', {}, ['One, two']],
      ['sep=, in quotes and capitals', '"SEP=,"\nid,title\n1,One\n', {}, ['One']],
      ['sep=^, a delimiter that is not looked for otherwise', 'sep=^\nid^title\n1^One\n', {}, ['One']],
      ['sep= behind a byte order mark', '\uFEFFsep=\t\ntitle\tid\nOne\t1\n', {}, ['One']],
      ['a title that begins with sep', 'title\nsep=; is a line of Excel\n', {}, ['sep=; is a line of Excel']],
      ['quotes as characters', 'id\ttitle\n1\tSay "hi\n', { quotes: false }, ['Say "hi']],
      ['backslash and quote', 'title,id\nSay \\"hi\\",1\n', { quotes: false }, ['Say \\"hi\\"']],
    ])('%s', async (_name, content, options, titles) => {
      expect((await readWithRemarks(content, { options })).titles).toEqual(titles);
    });

    test('a fault behind a sep= line is told with its line', async () => {
      expect(await failureLine(() => read('sep=;\nid;title\n1;One\n2;"Two\n'))).toMatch(/line 4 /);
    });

    test('a record with a NUL is dropped, and told of with its line', async () => {
      const rows = 'A title of some length\n'.repeat(9);
      for (const [name, first] of [
        ['csv', 'title\n'],
        ['txt', 'One more\n'],
      ] as const) {
        const { titles, events } = await readWithRemarks(`${first}${rows}Bad\0 one\nLast\n`, { name });
        expect(titles.at(-1)).toBe('Last');
        expect(titles.join()).not.toContain('Bad');
        expect(events).toEqual([
          {
            kind: 'warning',
            message: expect.stringMatching(/1 record with a NUL byte is dropped: line 11$/),
          },
        ]);
      }
    });
  });

  test('a header with a NUL is dropped as the header, not the first title for it', async () => {
    const content = `ti\0tle\n${'A title of some length\n'.repeat(3)}`;
    const { titles } = await readWithRemarks(content, { options: { header: true } });
    expect(titles).toHaveLength(3);
  });

  describe('the first line of one column', () => {
    test.each<[string, string, boolean | undefined, string[], RegExp | undefined]>([
      [
        'a usual name',
        'headline\nOne\nTwo\n',
        undefined,
        ['One', 'Two'],
        /"headline", is taken for the name/,
      ],
      ['a usual name in capitals', 'TEXT\nOne\n', undefined, ['One'], /--header false/],
      [
        'a word in lower case',
        'my_titles\nOne two\nThree four\n',
        undefined,
        ['One two', 'Three four'],
        /name/,
      ],
      [
        'a title',
        'One two\nThree four\n',
        undefined,
        ['One two', 'Three four'],
        /taken for a title; --header true/,
      ],
      ['words alone', 'one\ntwo\nthree\n', undefined, ['one', 'two', 'three'], /taken for a title/],
      ['nothing behind it', 'text\n', undefined, ['text'], /taken for a title/],
      ['a name, though it is a title', 'headline\nOne\n', false, ['headline', 'One'], undefined],
      ['a title, though it is a name', 'One two\nThree\n', true, ['Three'], undefined],
    ])('%s', async (_name, content, header, titles, note) => {
      const read = await readWithRemarks(content, { options: { header } });
      expect(read.titles).toEqual(titles);
      expect(read.events).toEqual(note ? [{ kind: 'note', message: expect.stringMatching(note) }] : []);
    });
  });

  describe('a column subreddit', () => {
    const content = 'title,Subreddit\nOne long title,Cats\nTwo long titles,dogs\nThree long titles,cats\n';
    const asked = (...subreddits: string[]) => ({ query: question({ subreddits, minLength: 1, limit: 9 }) });

    test('chooses the rows, in any letter case, and is kept', async () => {
      expect((await readWithRemarks(content, asked('cats'))).titles).toEqual([
        'One long title',
        'Three long titles',
      ]);
      expect((await readWithRemarks(content)).titles).toHaveLength(3);
      const source = await open([write(folder, 'named.csv', content)], {
        column: undefined,
        header: undefined,
      });
      expect(await collect(source.rows(asked('dogs').query, silentContext))).toEqual([
        { title: 'Two long titles', subreddit: 'dogs' },
      ]);
    });

    test('is read with r/ before the names too', async () => {
      const { titles } = await readWithRemarks('subreddit,title\nr/Cats,One\n/r/dogs,Two\n', asked('cats'));
      expect(titles).toEqual(['One']);
    });

    test('limits each subreddit by itself', async () => {
      const { titles } = await readWithRemarks(content, {
        query: question({ subreddits: ['cats', 'dogs'], minLength: 1, limit: 1 }),
      });
      expect(titles).toEqual(['One long title', 'Two long titles']);
    });

    test('refuses one that is not there, and names those that are', async () => {
      const line = await failureLine(() => readWithRemarks(content, asked('dogs', 'nonexistent')));
      expect(line).toMatch(/There is no r\/nonexistent .*It has posts of cats, dogs/);
    });

    test('of a file without one, every title is taken', async () => {
      expect((await readWithRemarks('title\nOne\nTwo\n', asked('cats'))).titles).toEqual(['One', 'Two']);
    });
  });

  describe('start and end tokens in a text file', () => {
    const [start, end] = ['<|startoftext|>', '<|endoftext|>'];
    test.each<[string, string, string[]]>([
      ['one a line', `${start}One${end}\n${start}Two${end}\n`, ['One', 'Two']],
      [
        'several on a line',
        `${start}One${end}${start}Two${end} ${start}Three${end}`,
        ['One', 'Two', 'Three'],
      ],
      [
        'one over several lines',
        `${start}\nOne\r\nand more\n${end}\n${start}Two${end}`,
        ['One\nand more', 'Two'],
      ],
      ['end tokens alone', `One${end}Two\n${end}\nThree`, ['One', 'Two', 'Three']],
      ['the last one open', `${start}One${end}\n${start}Two\n`, ['One', 'Two']],
      ['empty ones', `${start}${end}\n${start} ${end}${start}One${end}`, ['One']],
    ])('%s', async (_name, content, titles) => {
      const read = await readWithRemarks(content, { name: 'txt' });
      expect(read.titles).toEqual(titles);
      expect(read.events).toEqual([{ kind: 'note', message: expect.stringMatching(/what stands between/) }]);
    });
  });

  describe('JSON', () => {
    test.each<[string, string, string, Partial<CsvLayoutOptions>, string[]]>([
      ['title alone', 'jsonl', '{"title":"One"}\n\n{"title":"Two\\nlines"}\n', {}, ['One', 'Two\nlines']],
      ['text alone', 'ndjson', '{"text":"One"}\r\n{"text":"Two"}', {}, ['One', 'Two']],
      ['texts, a mark before them', 'jsonl', '\uFEFF"One"\n"Two"\n', {}, ['One', 'Two']],
      ['another name', 'jsonl', '{"title":"One","headline":"Two"}\n', { column: 'headline' }, ['Two']],
      ['an array of objects', 'json', '[\n {"title": "One"},\n {"text": "Two"}\n]', {}, ['One', 'Two']],
      ['names in capitals', 'jsonl', '{"Title":"One"}\n', {}, ['One']],
      [
        'an object around an array',
        'json',
        '{\n "data": [\n  {"title": "One"},\n  {"text": "Two"}]}',
        {},
        ['One', 'Two'],
      ],
      ['an array of texts', 'json', ' ["One", "Two"]', {}, ['One', 'Two']],
    ])('%s', async (_name, name, content, options, titles) => {
      expect((await readWithRemarks(content, { name, options })).titles).toEqual(titles);
    });

    test('a subreddit chooses', async () => {
      const content = '{"title":"One","subreddit":"Cats"}\n{"title":"Two","subreddit":"dogs"}\n';
      const query = question({ subreddits: ['cats'], minLength: 1, limit: 9 });
      expect((await readWithRemarks(content, { name: 'jsonl', query })).titles).toEqual(['One']);
    });

    test('a NUL, as a byte or escaped, drops its line', async () => {
      const content = '{"title":"One title of some length"}\n{"title":"T\\u0000"}\n{"title":"T\0"}\n';
      const { titles, events } = await readWithRemarks(content, { name: 'jsonl' });
      expect(titles).toEqual(['One title of some length']);
      expect(events).toEqual([
        { kind: 'warning', message: expect.stringMatching(/2 records .*: line 2, 3$/) },
      ]);
    });
  });

  test.each([
    [
      'a file without subreddits',
      'title\nOne\nTwo\n',
      ['One', 'Two'],
      'note',
      /all its titles are taken, none is chosen by r\/cats/,
    ],
    [
      'rows without a subreddit',
      'title,subreddit\nOne,cats\nTwo,\n',
      ['One'],
      'warning',
      /1 row that names no subreddit is left out/,
    ],
  ])('says what --subreddit does with %s', async (_what, content, titles, kind, message) => {
    const query = question({ subreddits: ['cats'], minLength: 1 });
    const read = await readWithRemarks(content, { query });
    expect(read.titles).toEqual(titles);
    expect(read.events).toEqual([{ kind, message: expect.stringMatching(message) }]);
  });

  test('titles that begin with a brace or a tag are titles', async () => {
    const { titles } = await readWithRemarks('{Weekly} thread of all\n<b>Bold</b> words\n', { name: 'txt' });
    expect(titles).toEqual(['{Weekly} thread of all', '<b>Bold</b> words']);
  });

  test.each([
    [
      'csv',
      'title\n"<|startoftext|>One text<|endoftext|><|startoftext|>Another text<|endoftext|>"\nA plain title\n',
    ],
    [
      'jsonl',
      '{"text":"<|startoftext|>One text<|endoftext|> <|startoftext|>Another text"}\n{"text":"A plain title"}\n',
    ],
  ])('a value of a %s with tokens is as many titles as stand between them', async (ending, content) => {
    const source = await open([write(folder, `tokens.${ending}`, content)], {
      column: undefined,
      header: undefined,
    });
    const rows = await collect(source.rows(question({ subreddits: [] }), silentContext));
    expect(rows.map(({ title }) => title)).toEqual(['One text', 'Another text', 'A plain title']);
  });

  test.each([
    'pics',
    'r/pics',
    '/R/Pics/',
    'https://www.reddit.com/r/pics/',
    'old.reddit.com/r/pics?sort=new',
  ])('a column subreddit may spell a name as %s', async (name) => {
    const path = write(folder, 'named.csv', `title,subreddit\nOne title,${name}\nAnother,cats\n`);
    const source = await open([path], { column: undefined, header: undefined });
    const rows = await collect(source.rows(question({ subreddits: ['pics'] }), silentContext));
    expect(rows.map(({ title }) => title)).toEqual(['One title']);
  });
});

test('no such file, months asked for, no file named', async () => {
  expect(
    await failureLine(() => openCsvSource([`${folder}/no.csv`], { column: undefined, header: undefined })),
  ).toMatch(/no such file/);
  const source = await openCsvSource([write(folder, 'dated.csv', 'title\nOne\n')], {
    column: undefined,
    header: undefined,
  });
  expect(await failureLine(() => titlesOf(source, question({ from: '2013-01' })))).toMatch(/--from and --to/);
  expect(await failureLine(() => openCsvSource([], { column: undefined, header: undefined }))).toMatch(
    /--input/,
  );
});

test('a message about what came by a pipe names the pipe, not its copy', async () => {
  const pipe = `${folder}/pipe.csv`;
  execFileSync('mkfifo', [pipe]);
  const writing = writeFile(pipe, 'id,title\n1,One\n2\n');
  const read = async () =>
    titlesOf(await openCsvSource([pipe], { column: undefined, header: undefined }), everything);
  expect(await failureLine(read)).toContain(`Cannot read ${pipe}, line 3 (record 3)`);
  await writing;
});

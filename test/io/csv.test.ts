import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatCsvRecord, parseCsv } from '../../src/io/csv.js';

/** A text in chunks of so many characters, no surrogate pair cut in two: decoders give no halves either. */
async function* inChunks(text: string, length: number): AsyncGenerator<string> {
  const characters = [...text];
  for (let start = 0; start < characters.length; start += length) {
    yield characters.slice(start, start + length).join('');
  }
}

async function parsed(text: string, length = text.length || 1, dialect: Parameters<typeof parseCsv>[2] = {}) {
  const records: string[][] = [];
  try {
    for await (const record of parseCsv(inChunks(text, length), 'a.csv', dialect)) records.push(record);
  } catch (error) {
    return { records, message: (error as Error).message };
  }
  return { records };
}

test('fields are quoted where RFC 4180 asks for it, and where they begin or end with white space', () => {
  expect(formatCsvRecord(['plain', 'a, b', 'say "hi"', 'two\nlines', ' outer', 'outer\t', '', 'it’s;'])).toBe(
    'plain,"a, b","say ""hi""","two\nlines"," outer","outer\t",,it’s;\r\n',
  );
});

test('what is written is read, however the text is cut', async () => {
  const field = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', 'a', '😀') });
  const records = fc
    .tuple(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 1, max: 20 }))
    .chain(([columns, rows]) =>
      fc.array(fc.array(field, { minLength: columns, maxLength: columns }), {
        minLength: rows,
        maxLength: rows,
      }),
    );
  await fc.assert(
    fc.asyncProperty(records, fc.integer({ min: 1, max: 30 }), async (written, length) => {
      const text = written.map(formatCsvRecord).join('');
      expect((await parsed(text, length)).records).toEqual(written);
    }),
    { numRuns: 100 },
  );
});

test('records come before a fault that stands behind them', async () => {
  const text = `title\nOne\nTwo\nThree, four\n`;
  for (const length of [1, 5, text.length]) {
    expect(await parsed(text, length)).toEqual({
      records: [['title'], ['One'], ['Two']],
      message: expect.stringMatching(/^Cannot read a\.csv, line 4 \(record 4\): it has more or fewer values/),
    });
  }
});

test('a quote that is never closed is told of where it is opened', async () => {
  const { records, message } = await parsed('title\n\n\nOne\n"Two\nThree\n');
  expect(records).toEqual([['title'], ['One']]);
  expect(message).toBe('Cannot read a.csv, line 5 (record 3): a quote is opened there and never closed.');
});

test('what the chunks throw passes as it is', async () => {
  const broken = async function* (): AsyncGenerator<string> {
    yield 'title\nOne\nTwo and more';
    throw new Error('the disk broke');
  };
  const records: string[][] = [];
  const read = async (): Promise<void> => {
    for await (const record of parseCsv(broken(), 'a.csv')) records.push(record);
  };
  await expect(read()).rejects.toThrow('the disk broke');
  expect(records).toEqual([['title'], ['One']]);
});

test('nothing is read on when the reader has had enough', async () => {
  let given = 0;
  const endless = async function* (): AsyncGenerator<string> {
    for (;;) {
      given += 1;
      yield 'One\n'.repeat(100);
    }
  };
  for await (const record of parseCsv(endless(), 'a.csv')) {
    expect(record).toEqual(['One']);
    break;
  }
  expect(given).toBeLessThanOrEqual(2);
});

test('another delimiter', async () => {
  expect((await parsed('a;"b;c"\n', 3, { delimiter: ';' })).records).toEqual([['a', 'b;c']]);
});

test('CRLF, LF and CR outside quotes end a record, mixed in one file and cut anywhere', async () => {
  const text = 'title\r\nOne\nTwo\rThree\r\n"Four\r\nlines\rof\none"\rFive';
  const expected = [['title'], ['One'], ['Two'], ['Three'], ['Four\r\nlines\rof\none'], ['Five']];
  for (let length = 1; length <= text.length; length += 1) {
    expect(await parsed(text, length)).toEqual({ records: expected });
  }
});

test('records with a NUL are left out by the line where each begins', async () => {
  const lines: number[] = [];
  const { records } = await parsed('title\n"One\ntwo"\n\nA\0b\nThree\n"Four\n\0"\nFive', 3, {
    onNul: (line) => lines.push(line),
  });
  expect(records).toEqual([['title'], ['One\ntwo'], ['Three'], ['Five']]);
  expect(lines).toEqual([5, 7]);
});

test('without quoting, quotes are characters like any other', async () => {
  const { records } = await parsed('a\t"b\nSay \\"hi\\"\t"c"\n', 4, { delimiter: '\t', quotes: false });
  expect(records).toEqual([
    ['a', '"b'],
    ['Say \\"hi\\"', '"c"'],
  ]);
});

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { collect } from '../../src/common/collect.js';
import { InterruptedError } from '../../src/common/errors.js';
import { type ProgressEvent, silentContext, type WorkContext } from '../../src/common/progress.js';
import { cleanText } from '../../src/data/cleaning/clean-text.js';
import { extractTitles } from '../../src/data/extract.js';
import { openCsvSource } from '../../src/data/sources/csv-source.js';
import type { TitleQuery, TitleSource } from '../../src/data/sources/title-source.js';
import { readTitles } from '../../src/data/titles-file.js';
import { formatCsvRecord } from '../../src/io/csv.js';

const root = mkdtempSync(join(tmpdir(), 'titlesmith-cleaning-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = root;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'run-'));
});

const query: TitleQuery = { subreddits: [], from: undefined, to: undefined, limit: 1_000_000, minLength: 8 };

/** Titles from a text file through the real source. */
async function sourceOf(titles: readonly string[]): Promise<TitleSource> {
  const path = join(folder, 'input.txt');
  writeFileSync(path, titles.join('\n'));
  return openCsvSource([path], { column: undefined, header: undefined });
}

async function extract(source: TitleSource, context: WorkContext = silentContext, limit?: number) {
  const paths = { titlesPath: join(folder, 'out/titles.csv'), droppedPath: join(folder, 'out/dropped.csv') };
  return extractTitles({ source, query, ...paths, minLength: 8, limit }, context);
}

const output = (name: string): string => readFileSync(join(folder, 'out', name), 'utf8');

test('writes what is kept and what is dropped, by RFC 4180', async () => {
  const source = await sourceOf([
    'Plain title, with a comma',
    'Say &quot;hello&quot; to it',
    'Plain title, with a comma',
    'short',
    '[deleted]',
    '[removed by "someone", somewhere]',
    'Übergröße und 😀',
  ]);
  expect(await extract(source)).toEqual({
    extracted: 7,
    kept: 3,
    droppedByReason: { 'deleted or removed': 2, duplicate: 1, 'too short': 1 },
    changedByRule: { 'HTML entities': 1 },
  });
  expect(output('titles.csv')).toBe(
    'title\r\n"Plain title, with a comma"\r\n"Say ""hello"" to it"\r\nÜbergröße und 😀\r\n',
  );
  expect(output('dropped.csv')).toBe(
    'title,reason\r\n"Plain title, with a comma",duplicate\r\nshort,too short\r\n[deleted],deleted or removed\r\n' +
      '"[removed by ""someone"", somewhere]",deleted or removed\r\n',
  );
});

test('extracting what was extracted changes nothing', async () => {
  const titles = Array.from(
    { length: 5000 },
    (_, index) => ` Title &amp;amp; "number"\u200B ${index}, or so `,
  );
  const first = await extract(await sourceOf(titles));
  expect(first).toEqual({
    extracted: 5000,
    kept: 5000,
    droppedByReason: {},
    changedByRule: { 'HTML entities': 5000, 'invisible characters': 5000, 'white space': 5000 },
  });
  const written = output('titles.csv');
  const again = await openCsvSource([join(folder, 'out/titles.csv')], {
    column: undefined,
    header: undefined,
  });
  expect(await extract(again)).toEqual({ ...first, changedByRule: {} });
  expect(output('titles.csv')).toBe(written);
});

test('any title written is read back', async () => {
  const title = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', ',', ' ', 'a') }),
  );
  const titles = fc.array(
    title.map(cleanText).filter((text) => text !== ''),
    { minLength: 1 },
  );
  await fc.assert(
    fc.asyncProperty(titles, async (written) => {
      const path = join(folder, 'titles.csv');
      writeFileSync(path, ['title', ...written].map((title) => formatCsvRecord([title])).join(''));
      expect(await collect(readTitles(path))).toEqual(written);
    }),
    { numRuns: 100 },
  );
});

test('a limit on kept titles ends the work early', async () => {
  const source = await sourceOf(['The first title', 'short', 'The second title', 'The third title']);
  expect(await extract(source, silentContext, 2)).toEqual({
    extracted: 3,
    kept: 2,
    droppedByReason: { 'too short': 1 },
    changedByRule: {},
  });
  expect(await collect(readTitles(join(folder, 'out/titles.csv')))).toEqual([
    'The first title',
    'The second title',
  ]);
});

test('progress is told with a total at the end', async () => {
  const events: ProgressEvent[] = [];
  const titles = Array.from({ length: 2500 }, (_, index) => `Title number ${index}`);
  await extract(await sourceOf(titles), { ...silentContext, onProgress: (event) => events.push(event) });
  expect(events.at(-1)).toEqual({
    kind: 'progress',
    label: 'extract',
    done: 2500,
    total: 2500,
    unit: 'titles',
  });
});

test.each([
  ['a request to stop', { ...silentContext, signal: { aborted: true } }, ['A good title'], InterruptedError],
  [
    'nothing left',
    silentContext,
    ['short', '[removed]'],
    /No title of 8 characters or more is left of 2 \(1 too short, 1 deleted or removed\) .*input\.txt/,
  ],
])('%s leaves no file, not even a partial one', async (_name, context, titles, failure) => {
  await expect(extract(await sourceOf(titles), context)).rejects.toThrow(failure);
  expect(existsSync(join(folder, 'out')) ? readdirSync(join(folder, 'out')) : []).toEqual([]);
});

test('titles of which none is too short are no reason to lower --min-length', async () => {
  const failed = extract(await sourceOf(['[removed]', '[deleted by user]']));
  await expect(failed).rejects.toMatchObject({
    message: expect.stringContaining('is left of 2 (2 deleted or removed) from'),
    hint: 'Name another source.',
  });
});

test('a source that fails half way leaves the earlier files as they were', async () => {
  await extract(await sourceOf(['An earlier title']));
  const before = output('titles.csv');
  const broken: TitleSource = {
    ...(await sourceOf([])),
    async *rows() {
      yield { title: 'A later title' };
      throw new Error('the source broke');
    },
  };
  await expect(extract(broken)).rejects.toThrow('the source broke');
  expect(output('titles.csv')).toBe(before);
  expect(existsSync(join(folder, 'out/titles.csv.partial'))).toBe(false);
});

test.each([
  ['another header', 'name\r\nA title\r\n', /record 1/],
  ['two columns', 'title,reason\r\nA title,none\r\n', /record 1/],
  ['an unclosed quote', 'title\r\n"A title\r\n', /line 2 \(record 2\)/],
  ['nothing', '', /empty/],
])('reading a file of titles with %s fails', async (_name, content, pattern) => {
  const path = join(folder, 'titles.csv');
  writeFileSync(path, content);
  await expect(collect(readTitles(path))).rejects.toThrow(pattern);
});

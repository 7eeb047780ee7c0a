import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { compareTwoStrings } from 'string-similarity';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyDecisions } from '../../src/dedupe/decisions.js';
import { dedupe } from '../../src/dedupe/dedupe.js';
import { exportTitles, writeVerdicts } from '../../src/review/kept-titles.js';

const title = 'Bakers, which bread do you never eat yourself?';

describe('writeVerdicts', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'titlesmith-dedupe-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('writes accepted.txt and an RFC 4180 rejected.csv that reads back', async () => {
    const hostile = 'Bakers, which "bread" do you never eat yourself?';
    const { verdicts } = await dedupe(
      ['A new one, with a comma', hostile, 'Line\r\n"break"', 'A new one,  with a comma', ''].map(
        (text, index) => ({ index, text }),
      ),
      [title],
    );
    await writeVerdicts(folder, applyDecisions(verdicts, []));
    expect(await readFile(join(folder, 'accepted.txt'), 'utf8')).toBe('A new one, with a comma\n');
    const rejected = await readFile(join(folder, 'rejected.csv'), 'utf8');
    const rating = compareTwoStrings(hostile, title);
    expect(parse(rejected)).toEqual([
      ['text', 'reason', 'rating', 'matched_title', 'second_title', 'evidence'],
      [hostile, 'near copy', String(rating), title, '', expect.stringMatching(/^rated 0\.\d{3} with/)],
      ['Line\r\n"break"', 'broken text', '', '', '', 'holds U+000D'],
      [
        'A new one,  with a comma',
        'repeat',
        '',
        'A new one, with a comma',
        '',
        'an earlier output says the same',
      ],
      ['', 'blank', '', '', '', ''],
    ]);
    expect((await readdir(folder)).sort()).toEqual(['accepted.txt', 'rejected.csv']);
  });

  it('names the folder it cannot write to', async () => {
    await writeVerdicts(folder, []);
    await expect(writeVerdicts(join(folder, 'accepted.txt'), [])).rejects.toThrow(
      /^Cannot create the folder .*accepted\.txt/,
    );
  });
});

describe('exportTitles', () => {
  const formulas = [
    '=HYPERLINK("http://evil.example","Why?")',
    '+1 for cats',
    '-2+3',
    '@SUM(1)',
    ' =1+1',
    '\uff1d1+1',
    '\uff20SUM(1)',
  ];
  const plain = ['Why do cats = dogs?', "'quoted'", '1 + 1 = 2', '#1 tip', '😀=1'];

  it('lets no spreadsheet compute a title; a text and JSON keep it as it is', async () => {
    const texts = [...formulas, ...plain];
    const { verdicts } = await dedupe(
      texts.map((text, index) => ({ index, text })),
      ['=1+1 is two, and that is all there is to say', title],
    );
    const outputs = applyDecisions(verdicts, []).map((output) => ({ ...output, kept: true }));
    const [, ...records] = parse([...exportTitles(outputs, 'csv')].join('')) as string[][];
    const expected = texts.map((text) => (formulas.includes(text) ? `'${text.trim()}` : text));
    expect(records.map(([, shown]) => shown)).toEqual(expected);
    for (const [, , , closest = ''] of records) expect(closest).not.toMatch(/^[=+\-@]/);
    expect([...exportTitles(outputs, 'txt')].join('')).toBe(texts.map((text) => `${text.trim()}\n`).join(''));
    const lines = [...exportTitles(outputs, 'jsonl')].map((line) => JSON.parse(line).title);
    expect(lines).toEqual(texts.map((text) => text.trim()));
  });
});

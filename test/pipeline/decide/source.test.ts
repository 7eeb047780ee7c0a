import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { defaultOptions } from '../../../src/options/option-values.js';
import { decideSource, openRunSource } from '../../../src/pipeline/decide/source.js';

test.each([
  ['RS_2019-03.zst', 'duckdb'],
  ['folder/RS_2019-03', 'duckdb'],
  ['RS_2019-*.zst', 'duckdb'],
  ['posts.csv.zst', 'duckdb'],
  ['RS_2024-01.zst_blocks', 'duckdb'],
  ['r_askreddit_posts.zst_blocks', 'duckdb'],
  ['posts.ndjson', 'duckdb'],
  ['posts.jsonl.gz', 'duckdb'],
  ['posts.parquet', 'duckdb'],
  ['titles.csv', 'csv'],
  ['titles.csv.gz', 'csv'],
  ['titles.txt', 'csv'],
  ['titles.txt.zst', 'csv'],
])('auto with --input %s is %s', async (path, choice) => {
  expect(await decideSource({ ...defaultOptions(), input: [path] })).toMatchObject({ choice });
});

test.each([
  ['posts', 'a.jsonl', '{"title":"One","subreddit":"cats","score":1}\n', 'duckdb'],
  ['posts, compressed', 'a.jsonl.gz', '{"title":"One","subreddit":"cats","score":1}\n', 'duckdb'],
  ['titles, compressed', 'a.jsonl.gz', '{"title":"One"}\n', 'csv'],
  ['titles and subreddits', 'a.jsonl', '{"title":"One","subreddit":"cats"}\n', 'csv'],
  ['titles with commas behind', 'a.jsonl', '{"title":"One"},\n{"title":"Two"},\n', 'csv'],
  ['titles alone', 'a.jsonl', '{"title":"One"}\n', 'csv'],
  ['texts', 'a.ndjson', '{"text":"One"}\n', 'csv'],
  ['an object around an array', 'a.json', '{"data": [{"title":"One"}]}', 'csv'],
  [
    'lines that begin with a list',
    'a.jsonl',
    '{"tags":["x"],"title":"One","subreddit":"a","score":1}\n',
    'duckdb',
  ],
  ['an array', 'a.json', '\n[{"title":"One"}]', 'csv'],
  ['what is no JSON', 'a.json', 'One\n', 'duckdb'],
  ['nothing', 'a.json', '', 'duckdb'],
])('auto takes a JSON file of %s by its first line', async (_what, name, content, choice) => {
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-decide-'));
  try {
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(content) : content);
    expect(await decideSource({ ...defaultOptions(), input: [join(folder, name)] })).toMatchObject({
      choice,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('auto looks into JSON that is compressed with zstd', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-decide-'));
  try {
    const path = join(folder, 'a.jsonl.zst');
    // A frame of one raw block (RFC 8878, 3.1.1).
    const content = Buffer.from('{"title":"One"}\n');
    const header = [0x28, 0xb5, 0x2f, 0xfd, 0x20, content.length, (content.length << 3) | 1, 0, 0];
    writeFileSync(path, Buffer.concat([Buffer.from(header), content]));
    expect(await decideSource({ ...defaultOptions(), input: [path] })).toMatchObject({ choice: 'csv' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each([
  [
    ['titles.csv', 'RS_2019-01.ndjson'],
    'titles.csv is a file of titles and RS_2019-01.ndjson a dump of posts',
  ],
  [
    ['RS_2019-01.ndjson', 'titles.csv'],
    'RS_2019-01.ndjson is a dump of posts and titles.csv a file of titles',
  ],
  [['a.txt', 'b.csv', 'c.parquet'], 'a.txt is a text file of titles and c.parquet a dump of posts'],
])('auto refuses %j, which are not for one source', async (input, said) => {
  await expect(decideSource({ ...defaultOptions(), input })).rejects.toThrow(said);
});

test('auto looks at the files that a pattern matches', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-decide-'));
  try {
    const auto = (...input: string[]): Promise<{ choice: string }> =>
      decideSource({ ...defaultOptions(), input: input.map((name) => join(folder, name)) });
    writeFileSync(join(folder, 'RS_2019-01.ndjson'), '{"title":"One","subreddit":"cats","score":1}\n');
    writeFileSync(join(folder, 'titles.json'), '[{"title":"One"}]');
    expect(await auto('RS*')).toMatchObject({ choice: 'duckdb' });
    expect(await auto('t*.json')).toMatchObject({ choice: 'csv' });
    await expect(auto('*')).rejects.toThrow(
      /RS_2019-01\.ndjson is a dump of posts and .*titles\.json a JSON file/,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each([
  ['sample', { column: 'title' }, /--column is for files of titles, but the source is sample/],
  ['csv', { strict: true }, /--strict is for dumps, but the source is csv/],
  ['duckdb', { quotes: false }, /--quotes is for files of titles/],
  ['csv', { table: 'a.b' }, /--table is for BigQuery/],
] as const)('an option that the source %s would not look at is refused', async (name, options, message) => {
  await expect(openRunSource(name, { ...defaultOptions(), ...options })).rejects.toThrow(message);
});

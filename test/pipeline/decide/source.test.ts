import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { defaultOptions } from '../../../src/options/option-values.js';
import { decideSource } from '../../../src/pipeline/decide/source.js';

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
])('auto with --input %s is %s', (path, choice) => {
  expect(decideSource({ ...defaultOptions(), input: [path] }).choice).toBe(choice);
});

test.each([
  ['posts', 'a.jsonl', '{"title":"One","subreddit":"cats","score":1}\n', 'duckdb'],
  ['posts, compressed', 'a.jsonl.gz', '{"title":"One","subreddit":"cats","score":1}\n', 'duckdb'],
  ['titles, compressed', 'a.jsonl.gz', '{"title":"One"}\n', 'csv'],
  ['titles and subreddits', 'a.jsonl', '{"title":"One","subreddit":"cats"}\n', 'csv'],
  ['titles with commas behind', 'a.jsonl', '{"title":"One"},\n{"title":"Two"},\n', 'csv'],
  ['titles alone', 'a.jsonl', '{"title":"One"}\n', 'csv'],
  ['texts', 'a.ndjson', '{"text":"One"}\n', 'csv'],
  ['an array', 'a.json', '\n[{"title":"One"}]', 'csv'],
  ['what is no JSON', 'a.json', 'One\n', 'duckdb'],
  ['nothing', 'a.json', '', 'duckdb'],
])('auto takes a JSON file of %s by its first line', (_what, name, content, choice) => {
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-decide-'));
  try {
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(content) : content);
    expect(decideSource({ ...defaultOptions(), input: [join(folder, name)] }).choice).toBe(choice);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

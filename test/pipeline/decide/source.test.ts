import { expect, test } from 'vitest';
import { defaultOptions } from '../../../src/options/option-values.js';
import { decideSource } from '../../../src/pipeline/decide/source.js';

test.each([
  ['RS_2019-03.zst', 'duckdb'],
  ['folder/RS_2019-03', 'duckdb'],
  ['RS_2019-*.zst', 'duckdb'],
  ['posts.csv.zst', 'duckdb'],
  ['posts.ndjson', 'duckdb'],
  ['posts.jsonl.gz', 'duckdb'],
  ['posts.parquet', 'duckdb'],
  ['titles.csv', 'csv'],
  ['titles.csv.gz', 'csv'],
  ['titles.txt', 'csv'],
])('auto with --input %s is %s', (path, choice) => {
  expect(decideSource({ ...defaultOptions(), input: [path] }).choice).toBe(choice);
});

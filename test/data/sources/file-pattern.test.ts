import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { expandPattern } from '../../../src/data/sources/file-pattern.js';
import { temporaryFolder } from '../../cli/run-cli.js';

const folder = temporaryFolder();
const files = [
  'RS_2019-01.zst',
  'RS_2019-02.zst',
  'RS_2019-10.zst',
  'RC_2019-01.zst',
  'a.b+c.ndjson',
  'aXb+c.ndjson',
  '2019/RS_1.zst',
  '2019/deep/RS_2.zst',
  '2019/deep/er/RS_3.zst',
  '.hidden/RS_4.zst',
  'odd [1].zst',
  'odd ^.zst',
  'odd -.zst',
  'odd (2).zst',
  'odd {a,b}.zst',
  '!odd|+@.zst',
];
for (const file of files) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), '');
}
mkdirSync(join(folder, 'folder.zst'));
symlinkSync(join(folder, 'RS_2019-01.zst'), join(folder, 'link.zst'));

const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();

/** What DuckDB says. */
async function oracle(pattern: string): Promise<string[]> {
  const sql = 'SELECT file FROM glob($pattern) ORDER BY file';
  const reader = await connection.runAndReadAll(sql, { pattern });
  return reader.getRowObjectsJS().map(({ file }) => String(file));
}

test.each([
  'RS_*.zst',
  'RS_2019-0?.zst',
  'RS_2019-0[12].zst',
  'RS_2019-0[!1].zst',
  'RS_2019-[0-1]0.zst',
  'R[A-T]_*.zst',
  'a.b+c.*',
  'a?b+c.ndjson',
  '*',
  '*/RS_*.zst',
  '**/RS_*.zst',
  '2019/**/*.zst',
  '20*/deep/*.zst',
  'odd *.zst',
  'odd [[]1].zst',
  'odd [-^].zst',
  'odd (*).zst',
  'odd {a,b}.*',
  '!odd|+@*',
  '!*',
  '*(2)*',
  'RS_2019-[9-0]*',
  'nothing*',
  'nowhere/*',
  'RS_2019-01.zst/*',
])('%s matches what it does by DuckDB', async (pattern) => {
  const path = join(folder, pattern);
  expect(await expandPattern(path)).toEqual(await oracle(path));
});

test('a file that links lead to again counts once', async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'a'));
  writeFileSync(join(root, 'a/x.zst'), '');
  symlinkSync('..', join(root, 'a/up'));
  expect(await expandPattern(join(root, '**/*.zst'))).toEqual([join(root, 'a/x.zst')]);
});

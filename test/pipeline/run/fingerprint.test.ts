import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filesAreUnchanged, recordFiles } from '../../../src/pipeline/run/fingerprint.js';
import { hashValue } from '../../../src/run/hash-value.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'titlesmith-fingerprint-'));
  mkdirSync(join(folder, 'a/b'), { recursive: true });
  writeFileSync(join(folder, 'a/b/deep.txt'), 'abc');
  writeFileSync(join(folder, 'a/top.txt'), '');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('files of a folder are recorded with size and SHA-256 (FIPS 180-2, appendix B.1)', async () => {
  expect(await recordFiles(folder, ['a', 'missing'])).toEqual({
    'a/b/deep.txt': { bytes: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
    'a/top.txt': { bytes: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
  });
});

test('a changed, resized or missing file is noticed', async () => {
  const records = await recordFiles(folder, ['a']);
  expect(await filesAreUnchanged(folder, records)).toBe(true);
  writeFileSync(join(folder, 'a/b/deep.txt'), 'abd');
  expect(await filesAreUnchanged(folder, records)).toBe(false);
  writeFileSync(join(folder, 'a/b/deep.txt'), 'abc');
  expect(await filesAreUnchanged(folder, records)).toBe(true);
  rmSync(join(folder, 'a/top.txt'));
  expect(await filesAreUnchanged(folder, records)).toBe(false);
});

test('values hash by content, not by the order of keys; undefined is as absent', () => {
  expect(hashValue({ a: 1, b: { c: [1, 2], d: null } })).toBe(
    hashValue({ b: { d: null, c: [1, 2] }, a: 1, e: undefined }),
  );
  expect(hashValue({ a: [1, 2] })).not.toBe(hashValue({ a: [2, 1] }));
  expect(hashValue({ a: 1 })).not.toBe(hashValue({ a: '1' }));
});

import { expect, test } from 'vitest';
import { folderNameFor, isDeviceName, isPossibleName } from '../../src/common/device-names.js';

/** https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const impossible = [
  'con',
  'AUX.txt',
  'nul',
  'com1',
  'lpt9.tar.gz',
  'a:b',
  'a.',
  'a ',
  'what?',
  '<a>',
  'a|b',
  'a\\b',
  '"a"',
  'a*',
];
const possible = ['console', 'a.b', '.hidden', 'com', 'lpt10', 'Ünïcode', 'a b', 'run.json'];

test('names that Windows does not have', () => {
  expect(impossible.filter((name) => isPossibleName(name, 'win32'))).toEqual([]);
  expect(possible.filter((name) => !isPossibleName(name, 'win32'))).toEqual([]);
  for (const name of impossible) expect(isPossibleName(name, 'linux')).toBe(true);
});

test('a folder for any subreddit is possible', () => {
  for (const name of ['con', 'aux', 'prn', 'nul', 'com1', 'askreddit'])
    expect(isPossibleName(folderNameFor(name), 'win32')).toBe(true);
  expect(isDeviceName('con-run')).toBe(false);
});

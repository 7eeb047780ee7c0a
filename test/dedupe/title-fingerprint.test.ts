import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bareLetters, titleFingerprint } from '../../src/dedupe/title-fingerprint.js';

const file = new URL('../oracles/title-fingerprints.json', import.meta.url);
const expected = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;

test.each(Object.entries(expected))('%s has the fingerprint that Python gives it', (title, fingerprint) => {
  expect(titleFingerprint(title).toString(16).padStart(16, '0')).toBe(fingerprint);
});

test('punctuation, white space and letter case make no other title; a letter does', () => {
  expect(titleFingerprint('WHAT is, this?')).toBe(titleFingerprint('what is this'));
  expect(titleFingerprint('what is this')).not.toBe(titleFingerprint('what is thus'));
  expect(bareLetters('?! …')).toBe('');
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bareLetters, titleFingerprint } from '../../src/dedupe/title-fingerprint.js';

interface Oracle {
  readonly titles: Readonly<Record<string, string>>;
  readonly characters: {
    readonly unicode: string;
    readonly known: readonly (readonly [first: number, last: number])[];
    readonly sha256: string;
  };
}

const file = new URL('../oracles/title-fingerprints.json', import.meta.url);
const { titles, characters } = JSON.parse(readFileSync(file, 'utf8')) as Oracle;

test.each(Object.entries(titles))('%s has the fingerprint that Python gives it', (title, fingerprint) => {
  expect(titleFingerprint(title).toString(16).padStart(16, '0')).toBe(fingerprint);
});

test(`of every character of Unicode ${characters.unicode} the same is left as in Python`, () => {
  const hash = createHash('sha256');
  for (const [first, last] of characters.known)
    for (let number = first; number <= last; number++)
      hash.update(`${number}\t${bareLetters(String.fromCodePoint(number))}\n`);
  expect(hash.digest('hex')).toBe(characters.sha256);
});

test('punctuation, white space and letter case make no other title; a letter does', () => {
  expect(titleFingerprint('WHAT is, this?')).toBe(titleFingerprint('what is this'));
  expect(titleFingerprint('what is this')).not.toBe(titleFingerprint('what is thus'));
  expect(bareLetters('?! …')).toBe('');
});

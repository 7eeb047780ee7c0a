import { expect, test } from 'vitest';
import { stutters } from '../../../src/model/generation/stutter.js';

test.each([
  ['a word twice in a row', 'A cat on the the roof'],
  ['a word twice in a row, whatever its capitals and marks', 'My, my first cat'],
  ['in another script', 'Мой мой кот'],
  ['three words twice', 'Found by the car, left by the car'],
  ['a long word three times', 'Cats, more cats and still more cats'],
  ['two letters three times', 'XMCMCMC against the rest'],
  ['more letters three times', 'A guckguckguck in the tree'],
])('%s stutters', (_, text) => {
  expect(stutters(text)).toBe(true);
});

test.each([
  ['nothing', ''],
  ['a number twice in a row', 'The odds are 1 1 to 3'],
  ['a short word three times', 'The cat, the dog and the bird'],
  ['a long word twice', 'Cats and more cats'],
  ['two words twice', 'By the car, or by the way'],
  ['a letter many times', 'Noooo!'],
  ['letters twice', 'A baobab and a couscous'],
])('%s does not', (_, text) => {
  expect(stutters(text)).toBe(false);
});

test('so much of a word is compared with what follows, and no more', () => {
  const cycle = (length: number): string => 'abcdefghijklmnopqrstuvw'.slice(0, length).repeat(5000);
  expect(stutters(cycle(20))).toBe(true);
  expect(stutters(cycle(21))).toBe(false);
});

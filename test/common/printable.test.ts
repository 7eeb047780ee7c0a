import { expect, test } from 'vitest';
import { toPrintable, toPrintableJson } from '../../src/common/printable.js';

const hostile: readonly (readonly [string, string])[] = [
  ['\u001b[2J', '\\u001b[2J'],
  ['\u009b2J', '\\u009b2J'],
  ['\u0007\u007f', '\\u0007\\u007f'],
  ['a\nb\tc\r', 'a\\nb\\tc\\r'],
  ['\u202eabc\u2066\u061c\u200f', '\\u202eabc\\u2066\\u061c\\u200f'],
  ['\u2028\u2029\u0085', '\\u2028\\u2029\\u0085'],
];

test.each(hostile)('escapes %j', (text, printable) => {
  expect(toPrintable(text)).toBe(printable);
});

test.each(hostile)('writes %j as JSON that reads back the same', (text, printable) => {
  const json = toPrintableJson({ text });
  expect(json).toBe(`{"text":"${printable}"}`);
  expect(JSON.parse(json)).toEqual({ text });
});

test('leaves text of any language, and emoji, as it is', () => {
  for (const text of ['Größe', '猫はなぜ', 'שלום', '👩‍🚀', 'a \\ "b"']) expect(toPrintable(text)).toBe(text);
});

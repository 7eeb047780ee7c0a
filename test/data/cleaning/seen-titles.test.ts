import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeenTitles } from '../../../src/data/cleaning/seen-titles.js';

test('knows what a Set knows', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 2 })), (titles) => {
      const [seen, known] = [new SeenTitles(), new Set<string>()];
      for (const title of titles) {
        expect(seen.add(title)).toBe(!known.has(title));
        known.add(title);
      }
    }),
  );
});

test('grows, and forgets nothing', () => {
  const seen = new SeenTitles();
  const titles = Array.from({ length: 100_000 }, (_, index) => `Title number ${index}`);
  expect(titles.filter((title) => seen.add(title))).toHaveLength(titles.length);
  expect(titles.filter((title) => seen.add(title))).toEqual([]);
});

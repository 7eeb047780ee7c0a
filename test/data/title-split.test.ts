import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { placeOf, splitTitles } from '../../src/data/title-split.js';

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `A title, the ${index}th`);

test('the place of a title is the first 48 bits of its SHA-256, so that splits of earlier versions hold', () => {
  expect(placeOf('What is it?')).toBe(0.7343671081679091);
  expect(placeOf('é😀')).toBe(0.06843292481069696);
});

describe('splitTitles', () => {
  it('holds out about the share asked for, in the order given', () => {
    const titles = numbered(5000);
    const { train, validation } = splitTitles(titles, { validationShare: 0.1 });
    expect(validation.length).toBeGreaterThan(400);
    expect(validation.length).toBeLessThan(600);
    const heldOut = new Set(validation);
    expect(train).toEqual(titles.filter((title) => !heldOut.has(title)));
    expect(validation).toEqual(titles.filter((title) => heldOut.has(title)));
  });

  it('leaves a title on its side when others come, go or move', () => {
    const titles = numbered(1000);
    const before = new Set(splitTitles(titles).validation);
    const after = new Set(
      splitTitles([...titles.slice(500), ...numbered(1500).slice(1000)].reverse()).validation,
    );
    for (const title of titles.slice(500)) expect(after.has(title)).toBe(before.has(title));
  });

  it('puts at least one of two different titles on each side, and every title on one', () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 8 }), share, (titles, validationShare) => {
        const { train, validation } = splitTitles(titles, { validationShare });
        expect([...train, ...validation].toSorted()).toEqual(titles.toSorted());
        expect(train.filter((title) => validation.includes(title))).toEqual([]);
        if (new Set(titles).size < 2) return;
        expect(train.length).toBeGreaterThan(0);
        expect(validation.length).toBeGreaterThan(0);
      }),
    );
  });

  it('refuses a share that leaves one side empty', () => {
    expect(() => splitTitles(['a', 'b'], { validationShare: 1 })).toThrow('validationShare got 1');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markDifferences } from '../../src/report/differences.js';

function marks(first: string, second: string): [string, string] {
  const pair = markDifferences(first, second);
  return [pair.first.markup, pair.second.markup];
}

describe('markDifferences', () => {
  it('marks words that only one text has', () => {
    expect(marks('Which bread do you never eat yourself?', 'Which cake do you never eat?')).toEqual([
      'Which <ins>bread</ins> do you never <ins>eat yourself?</ins>',
      'Which <del>cake</del> do you never <del>eat?</del>',
    ]);
  });

  it('marks nothing in equal texts', () => {
    expect(marks('the same  words', 'the same words')).toEqual(['the same words', 'the same words']);
  });

  it('marks a text beside none', () => {
    expect(marks('only here', '')).toEqual(['<ins>only here</ins>', '']);
  });

  it('escapes words', () => {
    expect(marks('<img src=x> & co', '& co')).toEqual(['<ins>&lt;img src=x&gt;</ins> &amp; co', '&amp; co']);
  });

  it('marks long texts without a common word as a whole', () => {
    const first = Array.from({ length: 200 }, (_, i) => `a${i}`).join(' ');
    const second = Array.from({ length: 200 }, (_, i) => `b${i}`).join(' ');
    expect(marks(first, second)).toEqual([`<ins>${first}</ins>`, `<del>${second}</del>`]);
  });

  it('loses no word, and leaves the same words unmarked on both sides', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 })
      .map((words) => words.join(' '));
    fc.assert(
      fc.property(text, text, (first, second) => {
        const [one, two] = marks(first, second);
        expect(one.replace(/<\/?ins>/g, '')).toBe(first);
        expect(two.replace(/<\/?del>/g, '')).toBe(second);
        const unmarked = (markup: string) =>
          markup
            .replace(/<(ins|del)>.*?<\/\1>/g, '')
            .split(' ')
            .filter(Boolean);
        expect(unmarked(one)).toEqual(unmarked(two));
      }),
    );
  });
});

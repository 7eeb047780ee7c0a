import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../src/dedupe/fold.js';
import { coverByRuns, RunIndex } from '../../src/dedupe/token-runs.js';

/** Words of a text and titles, few enough that runs are long and many. */
const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 14 }).map((words) => words.join(' '));

/** The longest run from `start` on that stands in a title, by looking at every place of every title. */
function longestByHand(words: readonly string[], start: number, titles: readonly string[]): number {
  let best = 0;
  for (const title of titles.map(wordsOf)) {
    for (let at = 0; at < title.length; at++) {
      let length = 0;
      while (start + length < words.length && title[at + length] === words[start + length]) length++;
      best = Math.max(best, length);
    }
  }
  return best;
}

/** Most tokens that two runs cover which do not overlap, each of at least `minimumRun`, by trying all. */
function coveredByHand(lengths: readonly number[], minimumRun: number): number {
  const tokens = lengths.length;
  let best = 0;
  for (let start = 0; start < tokens; start++) {
    for (let end = start + minimumRun; end <= start + lengths[start]!; end++) {
      best = Math.max(best, end - start);
      for (let second = end; second < tokens; second++) {
        if (lengths[second]! >= minimumRun) best = Math.max(best, end - start + lengths[second]!);
      }
    }
  }
  return best;
}

describe('RunIndex', () => {
  it('finds the longest run from each token on, and a title that has it', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 12 }), text, (titles, query) => {
        const { lengths, titles: found } = new RunIndex(titles, wordsOf).match(query);
        const words = wordsOf(query);
        expect([...lengths]).toEqual(words.map((_, start) => longestByHand(words, start, titles)));
        found.forEach((title, start) => {
          const run = words.slice(start, start + lengths[start]!).join(' ');
          if (title < 0) expect(lengths[start]).toBe(0);
          else expect(` ${titles[title]} `).toContain(` ${run} `);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('covers as much with two runs as can be', () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 6 }),
        text,
        fc.integer({ min: 1, max: 5 }),
        (titles, query, minimumRun) => {
          const matches = new RunIndex(titles, wordsOf).match(query);
          const { tokens, share, runs } = coverByRuns(matches, minimumRun);
          const covered = runs.reduce((sum, run) => sum + run.length, 0);
          expect(covered).toBe(coveredByHand([...matches.lengths], minimumRun));
          expect(share).toBe(tokens === 0 ? 0 : covered / tokens);
          expect(runs.every(({ length }) => length >= minimumRun)).toBe(true);
          if (runs.length === 2) expect(runs[0]!.start + runs[0]!.length).toBeLessThanOrEqual(runs[1]!.start);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('sets case, punctuation and accents aside, and takes numbers for tokens', () => {
    const numbered = (folded: string) => wordsOf(folded).map((word) => word.length);
    const titles = ['Why does the café close so early?'];
    const lengths = (index: RunIndex, text: string) => [...index.match(text).lengths];
    const byWords = new RunIndex(titles, wordsOf);
    expect(lengths(byWords, 'the CAFE: close so late')).toEqual([4, 3, 2, 1, 0]);
    expect([...byWords.match('the CAFE: close so late').titles]).toEqual([0, 0, 0, 0, -1]);
    expect(lengths(new RunIndex(titles, numbered), 'One cave is worse')).toEqual([2, 1, 2, 1]);
    expect(lengths(byWords, 'Nothing alike')).toEqual([0, 0]);
  });

  it('takes titles of one word a thousand times, and texts without words', () => {
    const same = new Array<string>(300).fill('word '.repeat(1000));
    const index = new RunIndex([...same, '', '!!!'], wordsOf);
    expect(index.match('word '.repeat(3000)).lengths[0]).toBeGreaterThanOrEqual(64);
    expect(coverByRuns(index.match('?!'), 6)).toEqual({ tokens: 0, share: 0, runs: [] });
  });
});

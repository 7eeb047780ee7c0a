import fc from 'fast-check';
import { compareTwoStrings, findBestMatch } from 'string-similarity';
import { describe, expect, it } from 'vitest';
import { maximumTextLength } from '../../src/dedupe/bigram-features.js';
import { createSimilarityIndex, type Match } from '../../src/dedupe/similarity-index.js';

/** What the package answers, in the order atLeast promises. */
function packageAtLeast(text: string, titles: readonly string[], threshold: number): Match[] {
  return titles
    .map((title, index) => ({ rating: compareTwoStrings(text, title), index }))
    .filter((match) => match.rating >= threshold)
    .sort((a, b) => b.rating - a.rating || a.index - b.index);
}

function packageBest(text: string, titles: readonly string[]): Match {
  const answer = findBestMatch(text, [...titles]);
  return { rating: answer.bestMatch.rating, index: answer.bestMatchIndex };
}

/** Few letters, so that bigrams repeat and ratings tie; with white space, halves of pairs and NUL. */
const crowded = fc
  .array(
    fc.constantFrom(
      'a',
      'b',
      'A',
      ' ',
      '\t',
      '\u00a0',
      '\ufeff',
      '\u2028',
      '\u0000',
      'é',
      '\ud83d',
      '\ude00',
      '日',
      '😀',
    ),
    {
      maxLength: 24,
    },
  )
  .map((parts) => parts.join(''));
const anyText = fc.oneof(
  { weight: 4, arbitrary: crowded },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', ' ', 'a', 'aa', 'aaaa', 'constructor', '__proto__', 'toString'),
  },
);

describe('createSimilarityIndex against the string-similarity package', () => {
  it('finds the same best rating and the same first title', () => {
    fc.assert(
      fc.property(
        fc.array(anyText, { minLength: 1, maxLength: 150 }),
        fc.array(anyText, { minLength: 1, maxLength: 8 }),
        (titles, texts) => {
          const index = createSimilarityIndex(titles);
          for (const text of [...texts, titles[0]!]) {
            const best = packageBest(text, titles);
            expect(index.best(text)).toEqual(best);
            // What is lower than a floor need not be found, and what reaches it is.
            expect(index.best(text, best.rating)).toEqual(best);
            expect(index.best(text, 1).rating).toBeLessThanOrEqual(best.rating);
          }
        },
      ),
      { numRuns: 600 },
    );
  });

  it('finds the same titles at or above a threshold', () => {
    const threshold = fc.oneof(
      fc.double({ min: -0.2, max: 1.2, noNaN: true }),
      fc.constantFrom(0, Number.MIN_VALUE, 0.5, 2 / 3, 0.8, 1),
    );
    fc.assert(
      fc.property(
        fc.array(anyText, { minLength: 1, maxLength: 150 }),
        anyText,
        threshold,
        (titles, text, limit) => {
          expect(createSimilarityIndex(titles).atLeast(text, limit)).toEqual(
            packageAtLeast(text, titles, limit),
          );
        },
      ),
      { numRuns: 600 },
    );
  });

  it('agrees on word-like titles over many blocks of lengths, where the bounds do their work', () => {
    const words = [
      'what',
      'is',
      'the',
      'worst',
      'best',
      'thing',
      'you',
      'have',
      'ever',
      'seen',
      'at',
      'work',
      'why',
      'people',
    ];
    const title = fc
      .array(fc.constantFrom(...words), { minLength: 1, maxLength: 18 })
      .map((parts) => parts.join(' '));
    fc.assert(
      fc.property(
        fc.array(title, { minLength: 9_000, maxLength: 9_000 }),
        fc.array(title, { minLength: 6, maxLength: 6 }),
        (titles, texts) => {
          const index = createSimilarityIndex(titles);
          for (const text of texts) {
            expect(index.best(text)).toEqual(packageBest(text, titles));
            expect(index.atLeast(text, 0.8)).toEqual(packageAtLeast(text, titles, 0.8));
          }
        },
      ),
      { numRuns: 3, endOnFailure: true },
    );
  });

  it('treats its odd cases alike', () => {
    const titles = ['', 'a', ' ', 'ab', 'ba', 'a b', 'aab aba', 'aba aab', 'a'];
    const index = createSimilarityIndex(titles);
    for (const text of ['', '\t', 'a', 'b', 'ab', 'AB', 'a\u00a0b', 'abaaab', 'zz', 'aaaaaaaaaaaa']) {
      expect(index.best(text)).toEqual(packageBest(text, titles));
      for (const threshold of [-1, 0, 0.5, 1, 1.5]) {
        expect(index.atLeast(text, threshold)).toEqual(packageAtLeast(text, titles, threshold));
      }
    }
  });

  it('gives the same answers when asked again', () => {
    const index = createSimilarityIndex(['one title here', 'another title there', 'aaaa']);
    const first = ['one title', 'aaaaaaa', 'nothing'].map((text) => index.best(text));
    expect(['one title', 'aaaaaaa', 'nothing'].map((text) => index.best(text))).toEqual(first);
  });
});

describe('createSimilarityIndex on bad input', () => {
  it('refuses an empty list', () => {
    expect(() => createSimilarityIndex([])).toThrow('There are no titles to compare with.');
  });

  it('names the title that is too long', () => {
    const long = 'a'.repeat(maximumTextLength + 1);
    expect(() => createSimilarityIndex(['fine', long])).toThrow(/^Title 2 has 1000001 characters/);
    expect(() => createSimilarityIndex(['fine']).best(long)).toThrow(/^A text has 1000001 characters/);
  });

  it('takes a text of one letter a million times', () => {
    const long = 'a'.repeat(maximumTextLength);
    expect(createSimilarityIndex(['aaa', long]).best(long)).toEqual({ rating: 1, index: 1 });
    expect(createSimilarityIndex(['aaa', 'b']).best(long).rating).toBe(compareTwoStrings(long, 'aaa'));
  });

  it('builds from a great many blank titles', () => {
    const blank = new Array<string>(200_000).fill(' ');
    expect(createSimilarityIndex(blank).best('')).toEqual({ rating: 1, index: 0 });
  });
});

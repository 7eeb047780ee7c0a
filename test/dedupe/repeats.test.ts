import fc from 'fast-check';
import { compareTwoStrings } from 'string-similarity';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { findRepeats } from '../../src/dedupe/repeats.js';
import { inventTitles } from '../report/example.js';

/** The same by comparing every text with every leader. */
function repeatsByHand(texts: readonly string[], threshold: number): (number | undefined)[] {
  const leaders: number[] = [];
  return texts.map((text, position) => {
    const rated = leaders.map((leader) => ({ leader, rating: compareTwoStrings(texts[leader]!, text) }));
    const same = rated.find(({ leader }) => texts[leader] === text);
    const best = rated.reduce((a, b) => (b.rating > a.rating ? b : a), { leader: -1, rating: -1 });
    if (same) return same.leader;
    if (best.rating >= threshold) return best.leader;
    leaders.push(position);
    return undefined;
  });
}

describe('findRepeats', () => {
  it('finds what comparing with every earlier leader finds', () => {
    const text = fc.array(fc.constantFrom('ab', 'ba', 'abc', 'c', 'bb'), { minLength: 1, maxLength: 6 });
    const texts = fc.array(
      text.map((words) => words.join(' ')),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(texts, fc.double({ min: 0.3, max: 1, noNaN: true }), (list, threshold) => {
        const found = findRepeats(list, threshold, () => true).map((repeat) => repeat?.of);
        expect(found).toEqual(repeatsByHand(list, threshold));
      }),
      { numRuns: 200 },
    );
  });

  it('sets case, punctuation and accents aside, and tells equal from alike', () => {
    const texts = [
      'Why is the café closed?',
      'WHY IS THE CAFE CLOSED',
      'Why is the café closed now?',
      'Nothing alike',
    ];
    expect(findRepeats(texts, 0.8, () => true)).toEqual([
      undefined,
      { of: 0, rating: 1, equal: true },
      {
        of: 0,
        rating: compareTwoStrings('why is the cafe closed', 'why is the cafe closed now'),
        equal: false,
      },
      undefined,
    ]);
  });

  it('takes no refused text for a leader', () => {
    const texts = ['the same', 'the same', 'the same'];
    expect(findRepeats(texts, 0.8, (position) => position > 0).map((repeat) => repeat?.of)).toEqual([
      undefined,
      undefined,
      1,
    ]);
  });

  it('keeps texts without letters apart', () => {
    expect(findRepeats(['???', '!!!', '???'], 0.8, () => true).map((repeat) => repeat?.of)).toEqual([
      undefined,
      undefined,
      0,
    ]);
  });

  it('takes ten thousand texts that are all alike', () => {
    const random = createRandom(1, 'alike');
    const texts = inventTitles(10_000, 'alike').map((title) => `${title} ${random.integer(10_000)}`);
    const repeats = findRepeats(texts, 0.8, () => true);
    const leaders = repeats.filter((repeat) => repeat === undefined).length;
    expect(leaders).toBeGreaterThan(50);
    expect(leaders).toBeLessThan(2000);
  });
});

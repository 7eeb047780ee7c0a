import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { wordsOf } from '../../../src/dedupe/fold.js';
import { longestRun, WordRuns } from '../../../src/dedupe/verdict/word-runs.js';

const random = createRandom(3, 'words');
const vocabulary = 'what is the most of a cat dog tree blue cold seven'.split(' ');
const sentence = (): string =>
  Array.from({ length: 3 + random.integer(14) }, () => vocabulary[random.integer(vocabulary.length)]).join(
    ' ',
  );
const titles = Array.from({ length: 300 }, sentence);
const texts = Array.from({ length: 40 }, sentence);

/** In how many titles a run stands, by looking. */
const holders = (run: readonly string[]): number =>
  titles.filter((title) => ` ${title} `.includes(` ${run.join(' ')} `)).length;

function countAll(): WordRuns {
  const runs = new WordRuns(texts);
  for (const title of titles) runs.count(`${title.toUpperCase()}!`);
  return runs;
}

describe('WordRuns', () => {
  it('knows in how many titles each run stands, whatever their case and punctuation', () => {
    const runs = countAll();
    for (const text of texts) {
      const words = wordsOf(text);
      for (const start of words.keys())
        for (let end = start + 1; end <= Math.min(words.length, start + longestRun); end++)
          expect(runs.titlesWith(words.slice(start, end))).toBe(holders(words.slice(start, end)));
    }
  });

  it('gives the longest shared runs, each once', () => {
    const runs = countAll();
    for (const text of texts) {
      const words = wordsOf(text);
      const all: [number, number][] = [];
      for (const start of words.keys())
        for (let end = start + 1; end <= Math.min(words.length, start + longestRun); end++)
          if (holders(words.slice(start, end)) > 0) all.push([start, end]);
      const isWithin = ([start, end]: [number, number], [from, to]: [number, number]): boolean =>
        from <= start && end <= to && to - from > end - start;
      const longest = all.filter((run) => !all.some((other) => isWithin(run, other)));
      expect(runs.sharedRuns(text).map(({ words: found }) => found)).toEqual(
        longest.map(([start, end]) => words.slice(start, end)),
      );
    }
  });

  it('calls rare what seldom follows, not what is long', () => {
    const text = 'what is your favorite purple xylophone';
    const runs = new WordRuns([text]);
    for (let i = 0; i < 50; i++) runs.count(`What is your favorite thing number ${i}?`);
    for (let i = 0; i < 50; i++) runs.count(`I painted wall ${i} purple.`);
    runs.count('A xylophone of gold');
    runs.count('He hit the purple xylophone');
    const [usual, rare] = runs.sharedRuns(text);
    expect(usual).toMatchObject({ words: ['what', 'is', 'your', 'favorite'], titles: 50 });
    expect(rare).toMatchObject({ words: ['purple', 'xylophone'], titles: 1 });
    expect(rare!.bits).toBeGreaterThan(usual!.bits);
    // 459 words, of them 50 other "purple", and one other "xylophone", which follows no other "purple".
    const words = 50 * 7 + 50 * 5 + 4 + 5;
    expect(rare!.bits).toBeCloseTo(-Math.log2(50 / words) - Math.log2((0.4 * 1) / words), 9);
    // After "what" "is" always follows, and so on.
    expect(usual!.bits).toBeCloseTo(-Math.log2(49 / words), 9);
  });
});

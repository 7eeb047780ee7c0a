import { describe, expect, it, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { inventTitles } from '../../src/data/canaries.js';
import { madeUpTitles } from '../cli/titles.js';

const titles = madeUpTitles(200);
const isFit = (): boolean => true;
const invent = (count: number, seed = 1): string[] =>
  inventTitles({ titles, isFit }, count, createRandom(seed, 'test'));

describe('invented titles', () => {
  const made = invent(500);

  it('are different ones, always the same for the same seed', () => {
    expect(new Set(made).size).toBe(500);
    expect(invent(500)).toEqual(made);
    expect(invent(500, 2)).not.toEqual(made);
  });

  it('are made of the words of titles, the first of the first ones', () => {
    const words = titles.map((title) => title.split(' '));
    const [firsts, others] = [
      new Set(words.map(([first]) => first)),
      new Set(words.flatMap((all) => all.slice(1))),
    ];
    for (const text of made) {
      const [first, ...rest] = text.split(' ');
      expect(firsts).toContain(first);
      for (const word of rest) expect(others).toContain(word);
    }
    expect(made.filter((text) => titles.includes(text))).toEqual([]);
  });

  it('have words as often as the titles have, and as many', () => {
    const count = (texts: readonly string[], word: string): number =>
      texts.flatMap((text) => text.split(' ').slice(1)).filter((other) => other === word).length;
    const all = (texts: readonly string[]): number =>
      texts.flatMap((text) => text.split(' ').slice(1)).length;
    for (const word of ['the', 'no', 'your']) {
      const [found, expected] = [count(made, word) / all(made), count(titles, word) / all(titles)];
      // Four standard deviations of a share of so many words.
      expect(Math.abs(found - expected)).toBeLessThan(4 * Math.sqrt(expected / all(made)));
    }
    const lengths = new Set(titles.map((title) => title.split(' ').length));
    for (const text of made) expect(lengths).toContain(text.split(' ').length);
  });

  it('are as a caller says that they may be', () => {
    const none = inventTitles(
      { titles, isFit: (text) => !text.includes('the') },
      20,
      createRandom(1, 'test'),
    );
    expect(none.filter((text) => text.includes('the'))).toEqual([]);
  });
});

test('words of scripts without spaces are joined as they stand there', () => {
  const chinese = [
    '今天天气很好我们去公园',
    '昨天我在公园看见一只猫',
    '你最喜欢的电影是什么',
    '猫为什么喜欢在床上睡觉',
  ];
  const made = inventTitles({ titles: chinese, isFit }, 20, createRandom(1, 'test'));
  for (const text of made) {
    expect(text).toMatch(/^\p{Script=Han}+$/u);
    expect(chinese).not.toContain(text);
  }
});

test.each([
  ['short', ['One', 'Two', 'Three']],
  ['alike', ['the the the', 'the the']],
  ['none', []],
])('titles that are too %s are refused in one line', (_, few) => {
  expect(() => inventTitles({ titles: few, isFit }, 5, createRandom(1, 'test'))).toThrow(
    /^Only \d of 5 different canaries could be made of the words of the titles\.$/,
  );
});

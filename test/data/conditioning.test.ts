import { describe, expect, test } from 'vitest';
import {
  conditionPrompt,
  isPrompted,
  keywordsOf,
  parseKeywords,
  promptEnds,
  withoutCondition,
} from '../../src/data/conditioning.js';
import { placeOf } from '../../src/data/title-split.js';
import { gpt2Tokenizer } from '../../src/model/tokenizer/gpt2.js';
import { restrictedTokenizer } from '../../src/model/tokenizer/restricted.js';
import { madeUpTitles } from '../cli/titles.js';

describe('a prompt', () => {
  const condition = { subreddit: 'askreddit', keywords: ['llama', 'wedding'] };

  test('says what the model was trained with, in a fixed order, each part ended by a tab', () => {
    expect(conditionPrompt(['subreddit'], condition)).toBe('r/askreddit\t');
    expect(conditionPrompt(['keywords'], condition)).toBe('llama, wedding\t');
    expect(conditionPrompt(['keywords', 'subreddit'], condition)).toBe('r/askreddit\tllama, wedding\t');
    expect(conditionPrompt(['subreddit', 'keywords'], {})).toBe('\t\t');
    expect(conditionPrompt([], condition)).toBe('');
  });

  test('is taken off again, and a title without one stays as it is', () => {
    for (const names of [[], ['subreddit'], ['subreddit', 'keywords']] as const)
      expect(withoutCondition(`${conditionPrompt(names, condition)}What > is | this?`)).toBe(
        'What > is | this?',
      );
  });
});

test('a share of the titles is prompted by their hash, whether they are held out or not', () => {
  const titles = Array.from({ length: 4000 }, (_, index) => `Title ${index}`);
  for (const share of [0.25, 0.5]) {
    const prompted = titles.filter((title) => isPrompted(title, share));
    const heldOut = titles.filter((title) => placeOf(title) < 0.1);
    const both = heldOut.filter((title) => isPrompted(title, share));
    // Four standard deviations of a binomial share.
    const isAbout = (part: number, whole: number): boolean =>
      Math.abs(part / whole - share) < 4 * Math.sqrt((share * (1 - share)) / whole);
    expect(isAbout(prompted.length, titles.length)).toBe(true);
    expect(isAbout(both.length, heldOut.length)).toBe(true);
    // Of a larger share they are some.
    expect(prompted.every((title) => isPrompted(title, share + 0.1))).toBe(true);
  }
  expect(titles.every((title) => isPrompted(title, 1))).toBe(true);
});

test('a prompt ends with a token of its own, and the title behind it is tokenized as it is alone', () => {
  const titles = ['What is this?', "'90s kids", '2 cats', '"Quoted"', '…', 'élan'];
  for (const tokenizer of [gpt2Tokenizer(), restrictedTokenizer(titles.map((title) => `r/cats\t${title}`))]) {
    const ends = promptEnds(tokenizer);
    for (const title of titles) {
      for (const prompt of ['r/cats\t', '\t\t', 'r/cats\tnap, sun\t']) {
        const tokens = tokenizer.encode(prompt + title);
        const length = tokens.findLastIndex((token) => ends.has(token)) + 1;
        expect(tokens.slice(0, length)).toEqual(tokenizer.encode(prompt));
        expect(tokens.slice(length)).toEqual(tokenizer.encode(title));
      }
    }
  }
});

describe('keywords', () => {
  test('are words of the title, none to three, always the same ones', () => {
    const counts = new Set<number>();
    for (const title of madeUpTitles(200)) {
      const keywords = keywordsOf(title);
      expect(keywordsOf(title)).toEqual(keywords);
      for (const word of keywords) expect(title.toLowerCase()).toContain(word);
      counts.add(keywords.length);
    }
    expect([...counts].sort()).toEqual([0, 1, 2, 3]);
  });

  test('leave out what says nothing, and what is short', () => {
    for (const title of ['What would you have been with this?', 'Is it a cat?', '!!!', '']) {
      expect(keywordsOf(title)).toEqual([]);
    }
  });

  test('of a person become such words, at most three', () => {
    expect(parseKeywords(' Llama,  WEDDING\t<b> don\u2019t more ')).toEqual(['llama', 'wedding', 'b']);
    expect(parseKeywords('')).toEqual([]);
  });
});

test('finds words in a script without spaces, and keeps vowel signs in theirs', () => {
  expect(parseKeywords('我喜欢机器')).toEqual(['我', '喜欢', '机器']);
  expect(parseKeywords('हिन्दी')).toEqual(['हिन्दी']);
});

test.each([
  '今天天气很好我们去公园散步',
  '日本の首相が新しい政策を発表しました',
  'วันนี้อากาศดีมากเราไปเที่ยวสวนสาธารณะ',
  '오늘 날씨가 정말 좋네요',
  'iPhone发布会今天举行',
])('%s has keywords, none of which is all of it', (title) => {
  // The number behind it changes the hash, which says how many there are.
  const found = new Set(Array.from({ length: 12 }, (_, index) => keywordsOf(`${title} ${index}`)).flat());
  expect(found.size).toBeGreaterThan(1);
  expect([...found].filter((word) => word.length > title.length / 2)).toEqual([]);
});

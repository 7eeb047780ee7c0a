import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldText, wordsOf } from '../../src/dedupe/fold.js';

describe('foldText', () => {
  it.each([
    ['WHAT IS THIS?!', 'what is this'],
    ['Ｗｈａｔ　ｉｓ　ｔｈｉｓ', 'what is this'],
    ['Crème brûlée, naïve façade', 'creme brulee naive facade'],
    ['STRASSE und Straße und STRAẞE', 'strasse und strasse und strasse'],
    ['Łódź, Tromsø & Ærø', 'lodz tromso aero'],
    ["don't — don’t — dont", 'dont dont dont'],
    ['rock ’n’ roll', 'rock n roll'],
    ['ﬁnal ｆｏｕｒ №5', 'final four no5'],
    ['ΟΔΟΣ οδός', 'οδοσ οδοσ'],
    ['zero\u200bwidth\u200d', 'zero width'],
    ['İstanbul ISTANBUL istanbul', 'istanbul istanbul istanbul'],
    ['かがみ', 'かがみ'],
    ['हिन्दी', 'हिन्दी'],
    ['한국어', '한국어'],
    ['🎃 🎃 !!!', ''],
  ])('%j becomes %j', (text, folded) => {
    expect(foldText(text)).toBe(folded);
  });

  it('changes nothing when done twice', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (text) => {
        const once = foldText(text);
        expect(foldText(once)).toBe(once);
      }),
      { numRuns: 3000 },
    );
  });

  it('folds every single character to itself or to something stable', () => {
    for (let code = 0; code < 0x3_0000; code++) {
      const once = foldText(String.fromCodePoint(code));
      if (foldText(once) !== once) expect.fail(`U+${code.toString(16)} folds to ${once}, then further`);
    }
  });

  it('does not tell cases apart', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'abzäßéøœ ½ΣσςДд\u0301') }), (text) => {
        expect(foldText(text.toUpperCase())).toBe(foldText(text.toLowerCase()));
      }),
    );
  });
});

describe('wordsOf', () => {
  it('finds no word in nothing', () => {
    expect(wordsOf('')).toEqual([]);
    expect(wordsOf('one two')).toEqual(['one', 'two']);
  });
});

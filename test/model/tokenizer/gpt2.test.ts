import fc from 'fast-check';
import { encode } from 'gpt-tokenizer/encoding/r50k_base';
import { describe, expect, it } from 'vitest';
import { gpt2Tokenizer } from '../../../src/model/tokenizer/gpt2.js';

const tokenizer = gpt2Tokenizer();

/** Ids that pin the vocabulary itself; huggingface.test.ts compares at length. */
const golden: readonly (readonly [string, readonly number[]])[] = [
  ['', []],
  ['Hello world', [15496, 995]],
  ['hello 👋 world 🌍', [31373, 50169, 233, 995, 12520, 234, 235]],
  [' constructor', [23772]],
  ['constructor', [41571, 273]],
  ['__proto__', [834, 1676, 1462, 834]],
  ['   leading', [220, 220, 3756]],
  ['\n\n', [628]],
  ['a\n\nb', [64, 198, 198, 65]],
  ['�', [4210]],
];

describe('gpt2Tokenizer', () => {
  it.each(golden)('encodes %j as GPT-2 does', (text, ids) => {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(text);
  });

  it('has 50,257 ids, the last of which ends a text', () => {
    expect(tokenizer.vocabularySize).toBe(50257);
    expect(tokenizer.endOfTextId).toBe(50256);
    expect(tokenizer.tokenBytes(50256)).toHaveLength(0);
    expect(tokenizer.decode([15496, 50256, 995])).toBe('Hello world');
  });

  it('takes <|endoftext|> typed in a text for characters', () => {
    const ids = tokenizer.encode('a<|endoftext|>b');
    expect(ids).toEqual([64, 27, 91, 437, 1659, 5239, 91, 29, 65]);
    expect(tokenizer.decode(ids)).toBe('a<|endoftext|>b');
  });

  it('encodes any text as gpt-tokenizer does', () => {
    const words = fc.constantFrom(
      ' the',
      ' unbelievably',
      "'ll",
      "'l",
      ' ',
      '  ',
      '\t',
      '\n',
      '2019',
      '...',
      'ß',
      'é',
    );
    const ascii = fc.string({ unit: 'grapheme-ascii' });
    // It drops U+FEFF, and takes U+0085 for no white space: gives-back below is their test.
    const any = fc.string({ unit: 'binary' }).map((text) => text.replace(/[\uFEFF\u0085]/g, ''));
    fc.assert(
      fc.property(fc.array(fc.oneof(words, ascii, any)), (parts) => {
        const text = parts.join('');
        expect(tokenizer.encode(text)).toEqual(encode(text, { disallowedSpecial: new Set() }));
      }),
      { numRuns: 300 },
    );
    const long = 'abcdefghij'.repeat(300);
    expect(tokenizer.encode(long)).toEqual(encode(long));
  });

  it('gives any text back, byte order marks and all planes included', () => {
    const odd = fc.constantFrom(
      '\uFEFF',
      ' ',
      '\u0085',
      '\u00a0',
      '!',
      'ï',
      "'s",
      '<|endoftext|>',
      '\u200d',
      '0',
    );
    const unit = fc.oneof(fc.string({ unit: 'binary' }), odd);
    fc.assert(
      fc.property(fc.array(unit), (units) => {
        const text = units.join('');
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('encodes a lone surrogate as U+FFFD, and decodes broken UTF-8 as such', () => {
    expect(tokenizer.decode(tokenizer.encode('a\ud83db'))).toBe('a\ufffdb');
    const [first] = tokenizer.encode('👋');
    expect(tokenizer.tokenBytes(first!)).toEqual(Uint8Array.from([0xf0, 0x9f, 0x91]));
    expect(tokenizer.decode([first!])).toBe('\ufffd');
  });

  it('refuses an id it does not have', () => {
    expect(() => tokenizer.decode([50257])).toThrow('token 50257 is not in a vocabulary of 50257');
  });
});

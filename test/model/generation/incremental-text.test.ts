import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IncrementalText } from '../../../src/model/generation/sequence.js';

/** Feeds bytes in pieces. @returns the text, and whether the text to stop at came up on the way. */
function grow(pieces: readonly Uint8Array[], truncate?: string): { text: string; truncated: boolean } {
  const text = new IncrementalText(truncate === undefined ? [] : [truncate]);
  let truncated = false;
  for (const piece of pieces) {
    truncated = text.append(piece);
    if (truncated) break;
  }
  return { text: text.finish(), truncated };
}

const eachByte = (text: string): Uint8Array[] => [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));

/** Any bytes in any pieces, UTF-8 or not. */
const pieces = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc.string({ unit: 'binary', maxLength: 3 }).map((text) => Buffer.from(text)),
  ),
  { maxLength: 12 },
);

describe('IncrementalText', () => {
  test('gives what decoding all bytes at once gives', () => {
    fc.assert(
      fc.property(pieces, (list) => {
        expect(grow(list).text).toBe(
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(list)),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('never shows the text to stop at, and shows all before it', () => {
    const few = fc.array(fc.constantFrom('a', 'b', 'ab', 'é', '👍', '\ufeff'), { maxLength: 20 });
    const truncate = fc.array(fc.constantFrom('a', 'b', 'é', '👍', '\ufffd'), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(few, truncate, fc.boolean(), (words, end, byBytes) => {
        const whole = words.join('');
        const list = byBytes ? eachByte(whole) : words.map((word) => Buffer.from(word));
        const { text, truncated } = grow(list, end.join(''));
        expect(text).toBe(whole.split(end.join(''))[0]);
        expect(truncated).toBe(whole.includes(end.join('')));
      }),
      { numRuns: 1000 },
    );
  });

  test('keeps a byte order mark', () => {
    expect(grow(eachByte('\ufeffa')).text).toBe('\ufeffa');
  });

  test('completes characters from several tokens', () => {
    expect(grow(eachByte('a👍🏽é')).text).toBe('a👍🏽é');
    expect(grow(eachByte('👍').slice(0, 3)).text).toBe('\ufffd');
  });

  test('stops at a character that was never completed, where that is asked for', () => {
    expect(grow([Uint8Array.of(0x61, 0xf0, 0x9f), Uint8Array.of(0x62)], '\ufffd').text).toBe('a');
    expect(grow([Uint8Array.of(0x61, 0xf0, 0x9f)], '\ufffd').text).toBe('a');
  });
});

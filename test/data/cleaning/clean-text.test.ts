import { decodeHTMLStrict } from 'entities';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanText } from '../../../src/data/cleaning/clean-text.js';

const family = '👨\u200D👩\u200D👧\u200D👦';
const england = '🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}';

describe('cleanText', () => {
  test.each([
    ['plain text', 'What is your favourite bird?', 'What is your favourite bird?'],
    [
      'entities',
      'Cats &amp; dogs &lt;3 &quot;so&quot; &#39;much&#39; &#x2764; &eacute;',
      'Cats & dogs <3 "so" \'much\' ❤ é',
    ],
    ['entities escaped twice and more', 'A &amp;amp;amp;lt;b&amp;gt; tag', 'A <b> tag'],
    ['an entity inside an entity', '&am&#112;;amp; x &&#97;mp;lt; y', '& x < y'],
    [
      'what only looks like an entity',
      'AT&T, R&D; a=1&copy=2 &nosuch; &',
      'AT&T, R&D; a=1&copy=2 &nosuch; &',
    ],
    ['Windows-1252 references', 'a &#150; b &#0; c', 'a – b c'],
    ['references beyond Unicode', 'a &#x110000; &#xD800; b', 'a b'],
    ['NFC', 'cafe\u0301 \u1112\u1161\u11AB', 'café 한'],
    ['compatibility characters stay', 'ﬁve ² ™', 'ﬁve ² ™'],
    ['white space', '  a\tb\r\nc\u00A0d\u2003e\u2028f\u0085g  h\u3000 ', 'a b c d e f g h'],
    ['controls', 'a\u0000b\u0007c\u001Bd\u007Fe\u0091f', 'abcdef'],
    ['zero-width characters', 'a\u200Bb\u200Cc\u200Dd\u2060e\uFEFFf\u00ADg', 'abcdefg'],
    ['direction marks', 'a\u202Eb\u200Fc\u2067d\u061Ce', 'abcde'],
    ['U+FFFD and its kind', 'a\uFFFDb\uFFFCc\uFFFEd\uFDD0e', 'abcde'],
    ['lone surrogates', 'a\uD83Db\uDE00c', 'abc'],
    ['emoji', 'I 😀 you', 'I 😀 you'],
    [
      'joined emoji',
      `My ${family} 👩🏽\u200D🚀 ❤\uFE0F\u200D🔥`,
      `My ${family} 👩🏽\u200D🚀 ❤\uFE0F\u200D🔥`,
    ],
    ['presentation', '❤\uFE0F ☎\uFE0E 1\uFE0F\u20E3 a\uFE0F', '❤\uFE0F ☎\uFE0E 1\uFE0F\u20E3 a'],
    ['flags', `🇫🇷 ${england}`, `🇫🇷 ${england}`],
    ['a dangling joiner', '👨\u200D alone, \u200D👩', '👨 alone, 👩'],
    ['hidden tag letters', 'a\u{E0061}\u{E0062}b 🏴\u{E0067}', 'ab 🏴'],
    ['a joiner in Persian, in Hindi', 'می\u200Cخواهم क्\u200Dष', 'می\u200Cخواهم क्\u200Dष'],
    ['delimiters', 'a<|endoftext|>b <|STARTOFTEXT|>c', 'a b c'],
    [
      'delimiters in pieces and in entities',
      '<|endof<|endoftext|>text|> &lt;|endoftext|&gt;x',
      '<|endof text|> x',
    ],
    ['blank Braille', '\u2800\u2800a\u2800', 'a'],
    ['nothing', '', ''],
  ])('%s', (_name, raw, expected) => {
    expect(cleanText(raw)).toBe(expected);
  });

  /** Text made of what cleaning looks for, so that pieces meet and form new ones. */
  const pieces = fc.constantFrom(
    ...[
      '&',
      'amp;',
      '#',
      '38;',
      'x26;',
      'lt;',
      '&lt;',
      '&amp;',
      '&#112;',
      '&#xFE0F;',
      '&nbsp;',
      '&zwj;',
      '&NotEqualTilde;',
    ],
    ...[
      '<|',
      'endoftext',
      '|>',
      '<|endoftext|>',
      '<|startoftext|>',
      'start',
      'of',
      'text',
      ' ',
      '\n',
      '\u2028',
    ],
    ...[
      '\u200D',
      '\uFE0F',
      '\u20E3',
      '1',
      '👩',
      '❤',
      '🏽',
      '🏴',
      '\u{E0067}',
      '\u{E007F}',
      '\u200C',
      'क',
      '्',
      'می',
      'e',
    ],
    ...[
      '\u0301',
      '\u0958',
      '\u0344',
      '\u212B',
      '\uFFFD',
      '\uD83D',
      '\uDE00',
      '\u0000',
      '\u00AD',
      '[',
      'deleted',
      ']',
      'ㅤ',
    ],
  );
  const hostile = fc.oneof(
    fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
      .map((codes) => String.fromCharCode(...codes)),
  );
  const settings = { numRuns: 3000 };

  test('cleaning twice changes nothing', () => {
    fc.assert(
      fc.property(hostile, (raw) => {
        const once = cleanText(raw);
        expect(cleanText(once)).toBe(once);
      }),
      settings,
    );
  });

  test('the result is NFC, well formed, on one line, without delimiters or outer spaces', () => {
    fc.assert(
      fc.property(hostile, (raw) => {
        const clean = cleanText(raw);
        expect(clean.normalize('NFC')).toBe(clean);
        expect(Buffer.from(clean).toString()).toBe(clean);
        expect(clean).not.toMatch(/\p{Cc}|\u2028|\u2029|\uFFFD|<\|(start|end)oftext\|>| {2}|^ | $/iu);
      }),
      settings,
    );
  });

  test('the result is never longer than what it decodes to', () => {
    fc.assert(
      fc.property(hostile, (raw) => {
        let decoded = raw;
        while (decodeHTMLStrict(decoded) !== decoded) decoded = decodeHTMLStrict(decoded);
        expect([...cleanText(raw)].length).toBeLessThanOrEqual([...decoded.normalize('NFC')].length);
      }),
      settings,
    );
  });

  test('text escaped any number of times means the same', () => {
    fc.assert(
      fc.property(hostile, fc.nat(6), (raw, times) => {
        let escaped = raw;
        for (let time = 0; time < times; time += 1) {
          escaped = escaped.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
        }
        expect(cleanText(escaped)).toBe(cleanText(raw));
      }),
      { numRuns: 500 },
    );
  });
});

describe('white space that is a control character', () => {
  const controls = ['\t', '\n', '\v', '\f', '\r', '\r\n', '\u0085', '&#10;', '&Tab;', '&NewLine;'];

  test.each(controls.map((control) => [JSON.stringify(control), control]))('%s parts words', (_, control) => {
    expect(cleanText(`my cat${control}learned to drive`)).toBe('my cat learned to drive');
    expect(cleanText(`${control}my cat${control}`)).toBe('my cat');
  });

  test('goes where it stands beside a space, and other controls leave no gap', () => {
    expect(cleanText('my \n cat\u0007s le\ufeffarned')).toBe('my cats learned');
  });
});

/**
 * Characters that no title needs: what cannot be seen, what only steers rendering, and what marks broken
 * text. Emoji and scripts that join letters keep the invisible characters that they are spelt with.
 */

/**
 * Controls and separators that stand for a space. U+2800 is a blank Braille pattern, used to make empty
 * titles.
 */
const spaces = /[\t\n\v\f\r\u0085\u2028\u2029\u2800\s]+/gu;

/**
 * Lone surrogates, U+FFFC, U+FFFD and noncharacters: the traces of text that was broken before it came here.
 */
const broken = /[\p{Surrogate}\p{Noncharacter_Code_Point}\uFFFC\uFFFD]/gu;

/**
 * Control characters, annotation marks, and all that Unicode lets a renderer ignore, direction marks
 * included. Controls that stand for a space are left to {@link collapseSpaces}: taken out, they would join
 * the words beside them.
 */
const invisible = /(?![\t-\r\u0085])[\p{Cc}\u{FFF9}-\u{FFFB}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Scripts in which a zero-width joiner or non-joiner changes how a word is written (RFC 5892, appendix A.1
 * and A.2).
 */
const joiningScripts = (
  'Arabic Syriac Mongolian Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam ' +
  'Sinhala Khmer Myanmar Tibetan'
)
  .split(' ')
  .map((script) => `\\p{Script=${script}}`)
  .join('');

/** Invisible characters that are part of how something visible is spelt. */
const kept = new RegExp(
  [
    // Emoji joined to one picture, with skin tone or presentation selector before the joiner.
    '(?<=\\p{Extended_Pictographic}[\\uFE0F\\p{Emoji_Modifier}]?)\\u200D(?=\\p{Extended_Pictographic})',
    // Text or emoji presentation of the character before; keycaps among them.
    '(?<=\\p{Emoji})[\\uFE0E\\uFE0F]',
    // Flags of countries' parts: tag letters behind a black flag, up to the cancel tag.
    '(?<=\\u{1F3F4})[\\u{E0030}-\\u{E0039}\\u{E0061}-\\u{E007A}]{1,7}\\u{E007F}',
    `(?<=[${joiningScripts}])[\\u200C\\u200D](?=[${joiningScripts}])`,
  ].join('|'),
  'gu',
);

/** Takes invisible characters out, except those that {@link kept} finds. */
export function removeInvisible(text: string): string {
  const spared = new Set<number>();
  for (const { 0: run, index } of text.matchAll(kept)) {
    for (let offset = 0; offset < run.length; offset += 1) spared.add(index + offset);
  }
  return text.replace(invisible, (character, offset: number) => (spared.has(offset) ? character : ''));
}

/** Takes the traces of broken text out. */
export function removeBroken(text: string): string {
  return text.replace(broken, '');
}

/** Each run of white space as one space, none at the ends. */
export function collapseSpaces(text: string): string {
  return text.replace(spaces, ' ').trim();
}

import { decodeHTMLStrict } from 'entities';

/** Controls and separators that stand for a space. U+2800 is a blank Braille pattern, used to make empty titles. */
const spaces = /[\t\n\v\f\r\u0085\u2028\u2029\u2800\s]+/gu;

/** Lone surrogates, U+FFFC, U+FFFD and noncharacters: the traces of text that was broken before it came here. */
const broken = /[\p{Surrogate}\p{Noncharacter_Code_Point}\uFFFC\uFFFD]/gu;

/**
 * Control characters, annotation marks, and all that Unicode lets a renderer ignore, direction marks included. Controls
 * that stand for a space are left to {@link collapseSpaces}: taken out, they would join the words beside them.
 */
const invisible = /(?![\t-\r\u0085])[\p{Cc}\u{FFF9}-\u{FFFB}\p{Default_Ignorable_Code_Point}]/gu;

/** Scripts in which a zero-width joiner or non-joiner changes how a word is written (RFC 5892, appendix A.1 and A.2). */
const joiningScripts = (
  'Arabic Syriac Mongolian Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam ' +
  'Sinhala Khmer Myanmar Tibetan'
)
  .split(' ')
  .map((script) => `\\p{Script=${script}}`)
  .join('');

/** Invisible characters that are part of how something visible is spelt: emoji, flags, scripts that join letters. */
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

/** The dataset's own delimiters, which a title must not hold. */
const delimiters = /<\|(?:start|end)oftext\|>/gi;

function removeInvisible(text: string): string {
  const spared = new Set<number>();
  for (const { 0: run, index } of text.matchAll(kept)) {
    for (let offset = 0; offset < run.length; offset += 1) spared.add(index + offset);
  }
  return text.replace(invisible, (character, offset: number) => (spared.has(offset) ? character : ''));
}

function removeBroken(text: string): string {
  return text.replace(broken, '');
}

/** Each run of white space as one space, none at the ends. */
function collapseSpaces(text: string): string {
  return text.replace(spaces, ' ').trim();
}

/** The fixed point of a function, reached by applying it repeatedly. */
function untilStable(text: string, change: (text: string) => string): string {
  let before = text;
  let after = change(text);
  while (after !== before) {
    before = after;
    after = change(before);
  }
  return after;
}

/** One step of cleaning a title. */
interface CleaningRule {
  /** What it removes or changes, for counts. */
  readonly name: string;
  readonly change: (text: string) => string;
}

/**
 * What is done to a title, in this order, again and again until nothing changes. Entities are decoded to the end before
 * anything is judged by its neighbours: the result must not depend on how often the text was escaped.
 */
const cleaningRules: readonly CleaningRule[] = [
  { name: 'broken characters', change: removeBroken },
  {
    name: 'HTML entities',
    change: (text) => {
      const decoded = text.includes('&') ? untilStable(text, (escaped) => decodeHTMLStrict(escaped)) : text;
      return decoded === text ? text : removeBroken(decoded);
    },
  },
  { name: 'invisible characters', change: removeInvisible },
  { name: 'delimiters of the dataset', change: (text) => text.replace(delimiters, ' ') },
  { name: 'white space', change: collapseSpaces },
  { name: 'Unicode normal form', change: (text) => text.normalize('NFC') },
];

/** Printable ASCII in words with single spaces, without `&` and `<`: most titles, and no rule changes them. */
const clean = /^[!-%'-;=-~]+(?: [!-%'-;=-~]+)*$/;

/**
 * The text of a title as it is meant: HTML entities decoded however often they were escaped, Unicode NFC, no control or
 * invisible characters (those inside emoji and joining scripts stay), no delimiters, single spaces. Cleaning the result
 * again changes nothing. It ends because every step but NFC shortens the text, and what NFC expands does not come back.
 * @param onChange called with the name of a rule each time it changes the text.
 */
export function cleanText(raw: string, onChange?: (ruleName: string) => void): string {
  if (clean.test(raw)) return raw;
  return untilStable(raw, (text) => {
    let changed = text;
    for (const { name, change } of cleaningRules) {
      const after = change(changed);
      if (after !== changed) onChange?.(name);
      changed = after;
    }
    return changed;
  });
}

/**
 * Marks that belong to no script of their own: accents, rings, joiners, variation selectors. The two voicing
 * marks of Japanese are kept: they tell one sound from another.
 */
const accents = /(?![\u3099\u309a])\p{Script=Inherited}/gu;

/** Inside a word apostrophes are dropped: don't and dont are one word. */
const apostrophes = /(?<=[\p{L}\p{N}])['\u2018\u2019\u02bc\u00b4`](?=[\p{L}\p{N}])/gu;

/** Letters that Unicode does not decompose: those with a stroke, ligatures, and final sigma. */
const strokes: Readonly<Record<string, string>> = {
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ŧ: 't',
  æ: 'ae',
  œ: 'oe',
  ς: 'σ',
};

/**
 * The words of a text, ignoring case, punctuation, symbols, accents and width (Unicode compatibility decomposition,
 * UAX 15), separated by single spaces. Empty for a text without letters and digits. Idempotent.
 */
export function foldText(text: string): string {
  const letters = text
    .normalize('NFKD')
    .replace(accents, '')
    .toLowerCase()
    // Through upper case, which unifies letters with several lower-case forms, such as ß and ss.
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(accents, '')
    .replace(/[øłđðħŧæœς]/g, (letter) => strokes[letter] ?? letter);
  return letters
    .normalize('NFKC')
    .replace(apostrophes, '')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();
}

/** Equal for texts that say the same: the folded text, or the text itself if it has no letters and digits. */
export function comparisonKey(text: string): string {
  return foldText(text) || text;
}

/** The words of a folded text. */
export function wordsOf(folded: string): readonly string[] {
  return folded === '' ? [] : folded.split(' ');
}

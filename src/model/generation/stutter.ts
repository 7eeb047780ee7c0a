/** Letters of a word that counts where it stands three times: "the" and "and" often do. */
const longWord = 4;

/**
 * Whether a text says something again and again: a word twice in a row ("the the"), three words in a row twice, a word of four
 * letters or more three times, or the same two letters or more three times in a row ("hahaha"). Capitals do not count. People
 * write such titles too, but seldom (docs/base.md).
 */
export function stutters(text: string): boolean {
  const folded = text.toLowerCase();
  const words = folded.match(/[\p{L}\p{N}']+/gu) ?? [];
  const isDoubled = words.some((word, place) => word === words[place - 1] && /\p{L}/u.test(word));
  const triples = words.slice(2).map((word, place) => `${words[place]} ${words[place + 1]} ${word}`);
  const isRepeated = new Set(triples).size < triples.length;
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const isThrice = [...counts].some(([word, count]) => count >= 3 && word.length >= longWord);
  // Bounded, so that a text of one long word takes time in proportion to its length.
  return isDoubled || isRepeated || isThrice || /(\p{L}{2,20}?)\1\1/u.test(folded);
}

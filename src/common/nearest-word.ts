import { closest, distance } from 'fastest-levenshtein';

/** Levenshtein distance: letters to add, drop or change to turn one word into the other. */
export function editDistance(a: string, b: string): number {
  return distance(a, b);
}

/**
 * The word that was probably meant by a mistyped one: the nearest by Levenshtein distance, if at most a third of its
 * letters differ, where two neighbours that are swapped are one difference; else undefined.
 */
export function nearestWord(typed: string, words: readonly string[]): string | undefined {
  if (words.length === 0) return undefined;
  const nearest = closest(typed, words);
  if (isNear(typed, nearest)) return nearest;
  return swaps(typed).flatMap((swapped) => words.find((word) => word === swapped) ?? [])[0];
}

/** The word with each two neighbouring letters swapped: `stpes` is `steps` among others. */
function swaps(word: string): string[] {
  return Array.from(
    { length: Math.max(0, Math.min(word.length, longestWord) - 1) },
    (_, index) => word.slice(0, index) + word.charAt(index + 1) + word.charAt(index) + word.slice(index + 2),
  );
}

function isNear(typed: string, word: string): boolean {
  return 3 * distance(typed, word) <= word.length;
}

/** No option, command or subreddit is longer. */
const longestWord = 40;

/** Fewest letters of a part that says which words were meant. */
const shortestPart = 4;

/** Words that may have been meant, the nearest first: near as in {@link nearestWord}, or the one is part of the other. */
export function nearWords(typed: string, words: readonly string[], most: number): string[] {
  const isPart = (part: string, whole: string): boolean =>
    part.length >= shortestPart && whole.includes(part);
  return words
    .filter((word) => isNear(typed, word) || isPart(typed, word) || isPart(word, typed))
    .map((word) => ({ word, far: distance(typed, word) }))
    .sort((a, b) => a.far - b.far || (a.word < b.word ? -1 : 1))
    .slice(0, most)
    .map(({ word }) => word);
}

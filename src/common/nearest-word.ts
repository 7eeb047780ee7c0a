import { closest, distance } from 'fastest-levenshtein';

/** Levenshtein distance: letters to add, drop or change to turn one word into the other. */
export function editDistance(a: string, b: string): number {
  return distance(a, b);
}

/**
 * The word that was probably meant by a mistyped one: the nearest by Levenshtein distance, if at most a third of its
 * letters differ; else undefined.
 */
export function nearestWord(typed: string, words: readonly string[]): string | undefined {
  if (words.length === 0) return undefined;
  const nearest = closest(typed, words);
  return isNear(typed, nearest) ? nearest : undefined;
}

function isNear(typed: string, word: string): boolean {
  return 3 * distance(typed, word) <= word.length;
}

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

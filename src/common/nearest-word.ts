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
  return 3 * distance(typed, nearest) <= nearest.length ? nearest : undefined;
}

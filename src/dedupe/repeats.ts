import { foldText } from './fold.js';
import { createSimilarityIndex } from './similarity-index.js';

/** An earlier text that a text repeats. */
export interface Repeat {
  /** Position of the earlier text. */
  readonly of: number;
  /** Rating of the two folded texts. */
  readonly rating: number;
  /** Whether they are the same word for word. */
  readonly equal: boolean;
}

/**
 * Finds repeats among texts: the first of a kind leads, later ones equal to it, or rated at or above the threshold with
 * it, case, punctuation, accents and width set aside, repeat it. A text repeats the leader it rates highest with.
 * @param mayLead false for texts that are refused anyway: nothing is a repeat of them, and they repeat nothing.
 * @returns for each text what it repeats, or undefined.
 */
export function findRepeats(
  texts: readonly string[],
  threshold: number,
  mayLead: (position: number) => boolean,
): (Repeat | undefined)[] {
  if (texts.length === 0) return [];
  const folds = texts.map((text) => foldText(text) || text);
  const index = createSimilarityIndex(folds);
  const leads = new Uint8Array(texts.length);
  const leaderOfFold = new Map<string, number>();
  return folds.map((fold, position) => {
    if (!mayLead(position)) return undefined;
    const same = leaderOfFold.get(fold);
    if (same !== undefined) return { of: same, rating: 1, equal: true };
    const match = index
      .atLeast(fold, threshold)
      .find((found) => found.index < position && leads[found.index] === 1);
    if (match) return { of: match.index, rating: match.rating, equal: false };
    leads[position] = 1;
    leaderOfFold.set(fold, position);
    return undefined;
  });
}

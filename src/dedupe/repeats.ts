import { foldText } from './fold.js';
import { GrowingIndex } from './growing-index.js';

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
 * Finds repeats among texts: the first of a kind leads, later ones equal to it, or rated at or above the
 * threshold with it, case, punctuation, accents and width set aside, repeat it. A text repeats the leader it
 * rates highest with, the first of several.
 * @param mayLead false for texts that are refused anyway: nothing is a repeat of them, and they repeat
 * nothing.
 * @returns for each text what it repeats, or undefined.
 */
export function findRepeats(
  texts: readonly string[],
  threshold: number,
  mayLead: (position: number) => boolean,
): (Repeat | undefined)[] {
  const leaders = new GrowingIndex();
  /** Position of each leader, and the leader of each fold. */
  const positions: number[] = [];
  const leaderOfFold = new Map<string, number>();
  return texts.map((text, position) => {
    if (!mayLead(position)) return undefined;
    const fold = foldText(text) || text;
    const same = leaderOfFold.get(fold);
    if (same !== undefined) return { of: same, rating: 1, equal: true };
    const match = leaders.best(fold);
    if (match && match.rating >= threshold) {
      return { of: positions[match.index]!, rating: match.rating, equal: false };
    }
    leaders.add(fold);
    positions.push(position);
    leaderOfFold.set(fold, position);
    return undefined;
  });
}

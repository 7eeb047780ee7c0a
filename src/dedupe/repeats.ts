import { comparisonKey } from './fold.js';
import { createSimilarityIndex, type Match, type SimilarityIndex } from './similarity-index.js';

/** An earlier text that a text repeats. */
export interface Repeat {
  /** Position of the earlier text. */
  readonly of: number;
  /** Rating of the two texts' keys (./fold.ts). */
  readonly rating: number;
  /** Whether they are the same word for word. */
  readonly equal: boolean;
}

/**
 * Finds repeats among texts. The first of several similar texts is the leader; later ones that are equal to it, or rated
 * at or above the threshold with it, ignoring case, punctuation, accents and width, are its repeats. A text repeats the
 * leader it rates highest with, the first of several.
 * @param mayLead false for texts that are rejected anyway: they repeat nothing, and nothing repeats them.
 * @returns for each text what it repeats, or undefined.
 */
export function findRepeats(
  texts: readonly string[],
  threshold: number,
  mayLead: (position: number) => boolean,
): (Repeat | undefined)[] {
  const leaders = new GrowingIndex();
  /** Position of each leader, by the order of leaders and by its key. */
  const positions: number[] = [];
  const leaderOfKey = new Map<string, number>();
  return texts.map((text, position) => {
    if (!mayLead(position)) return undefined;
    const key = comparisonKey(text);
    const same = leaderOfKey.get(key);
    if (same !== undefined) return { of: same, rating: 1, equal: true };
    const match = leaders.best(key);
    if (match && match.rating >= threshold) {
      return { of: positions[match.index]!, rating: match.rating, equal: false };
    }
    leaders.add(key);
    positions.push(position);
    leaderOfKey.set(key, position);
    return undefined;
  });
}

/** An index of consecutive texts from `start` on. */
interface IndexLevel {
  readonly start: number;
  readonly index: SimilarityIndex;
}

/**
 * A similarity index that texts can be added to. It has levels, each less than half as large as the one before; adding a
 * text merges the last ones (Bentley, Saxe, "Decomposable Searching Problems I", J. Algorithms 1, 1980), so that each
 * text is reindexed O(log n) times.
 */
class GrowingIndex {
  private readonly levels: IndexLevel[] = [];
  private size = 0;

  add(text: string): void {
    let start = this.size++;
    let texts: readonly string[] = [text];
    for (let last = this.levels.at(-1); last; last = this.levels.at(-1)) {
      if (last.index.titles.length > 2 * texts.length) break;
      this.levels.pop();
      start = last.start;
      texts = [...last.index.titles, ...texts];
    }
    this.levels.push({ start, index: createSimilarityIndex(texts) });
  }

  /**
   * The highest rating and the first text that has it, in the order of adding; undefined for an empty index.
   */
  best(text: string): Match | undefined {
    let best: Match | undefined;
    for (const { start, index } of this.levels) {
      const found = index.best(text);
      if (!best || found.rating > best.rating) best = { rating: found.rating, index: start + found.index };
    }
    return best;
  }
}

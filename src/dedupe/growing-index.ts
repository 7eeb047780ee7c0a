import { createSimilarityIndex, type Match, type SimilarityIndex } from './similarity-index.js';

/** An index of the texts from `start` on. */
interface Part {
  readonly start: number;
  readonly index: SimilarityIndex;
}

/**
 * A similarity index that texts can be added to. It is kept in parts, each less than half as large as the
 * one before, the last ones merged when a text comes (Bentley, Saxe, "Decomposable Searching Problems I", J.
 * Algorithms 1, 1980): a text is indexed anew about as often as the number of texts can be halved.
 */
export class GrowingIndex {
  private readonly parts: Part[] = [];
  private size = 0;

  add(text: string): void {
    let start = this.size++;
    let texts: readonly string[] = [text];
    for (let last = this.parts.at(-1); last; last = this.parts.at(-1)) {
      if (last.index.titles.length > 2 * texts.length) break;
      this.parts.pop();
      start = last.start;
      texts = [...last.index.titles, ...texts];
    }
    this.parts.push({ start, index: createSimilarityIndex(texts) });
  }

  /**
   * The highest rating and the first text that has it, by the order they were added; undefined where none
   * was.
   */
  best(text: string): Match | undefined {
    let best: Match | undefined;
    for (const { start, index } of this.parts) {
      const found = index.best(text);
      if (!best || found.rating > best.rating) best = { rating: found.rating, index: start + found.index };
    }
    return best;
  }
}
